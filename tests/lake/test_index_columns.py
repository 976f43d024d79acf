"""Keys of whole columns against those of single values."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keii.lake.index_columns import keys_of_values
from keii.lake.index_keys import FORM_OF_KIND, HELD, keys_of

OCTET = st.integers(0, 300).map(str) | st.sampled_from(["", "00", "01", "0", "1e2", "٣", "255"])
ADDRESS = st.lists(OCTET, min_size=3, max_size=5).map(".".join)
LABEL = st.text("abcXYZ019-_", min_size=0, max_size=4) | st.sampled_from(["例え", "K", "xn--", " ", "é"])
NAME = st.lists(LABEL, min_size=1, max_size=5).map(".".join)
HOST = ADDRESS | NAME | st.sampled_from(["[2001:db8::1]", "::ffff:192.0.2.1", "2001:db8::7%eth0", "192.0.2.1:80"])
REST = st.text('ab/?#=&.:@%[] "\t\nÀ~!', max_size=8)
URL = st.builds(
    "".join,
    st.tuples(st.sampled_from(["http://", "HTTPS://", "ftp://", "", "//", "1://", "a+b://", "://"]), HOST, REST),
)
HEX = st.text("0123456789abcdefABCDEF: g", max_size=66)
PART = st.sampled_from(
    ["\\", "/", "\\\\", "C:", "a", "B.exe", "pipe", "Registry", "Machine", "?", "??", " ", '"', "'", "é", "\n"]
)
PATH = st.lists(PART, max_size=8).map("".join)
VALUE = PATH | ADDRESS | NAME | HOST | URL | HEX | st.text(max_size=12) | st.builds("{} {}".format, HOST, REST)


def _singly(kind: str, values: Sequence[str]) -> set[tuple[int, str, bytes]]:
    return {(at, form, key) for at, value in enumerate(values) for form, key in keys_of(kind, value)}


@pytest.mark.parametrize("kind", sorted(HELD))
@settings(max_examples=60)
@given(values=st.lists(VALUE, unique=True, max_size=12))
@example(values=["192.0.2.1", "192.0.2.01", "192.0.2.256", "1.2.3", "1.2.3.4.5", "0.0.0.0", "255.255.255.255"])
@example(
    values=["http://a.example", "http://a.example/", "HTTP://A.example//?", "http://192.0.2.1/x/?q#f", "http://a./"]
)
@example(values=["", ".", "a", "A.B.", "a..b", "-", "x" * 260])
def test_the_same_keys_as_value_by_value(kind: str, values: list[str]) -> None:
    wanted = _singly(kind, values)
    for array in (pa.array(values, pa.string()), pa.array(["before.example", *values], pa.string()).slice(1)):
        found = keys_of_values(kind, array)
        told = [(int(at), one.form, key) for one in found for at, key in zip(one.at, one.keys.to_pylist(), strict=True)]
        assert len(told) == len(set(told))
        assert set(told) == wanted


def test_every_kind_of_column_that_an_indicator_stands_in_is_asked_here() -> None:
    assert set(FORM_OF_KIND) <= set().union(*HELD.values())
