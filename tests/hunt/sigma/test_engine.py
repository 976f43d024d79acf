"""The engine and the slow evaluator say the same of generated rules and events, whatever the cut and the order."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from keii.errors import RuleError
from keii.hunt.sigma import asked_plan, asking
from keii.hunt.sigma.columns import Chunk
from keii.hunt.sigma.compile import compile_rule
from keii.hunt.sigma.mapping import witnesses
from keii.hunt.sigma.matching import Engine
from keii.hunt.sigma.regex_shape import shape
from keii.hunt.sigma.rules import About, LogSource, Rule
from tests.hunt.sigma import oracle

SOURCE = LogSource("windows", "process_creation")
FIELDS = ["Image", "CommandLine", "ParentImage", "User", "LogonId", "UtcTime", "SourceIp"]
WORDS = [
    "power",
    "shell",
    ".exe",
    "\\",
    "c:\\",
    " -enc ",
    "A",
    "ß",
    "Σ",
    "ΑΣ",
    "İ",
    "é",
    "*",
    "?",
    "x",
    "*x*",
    "\n",
    " ",
    "-",
    "/",
    "10",
]
VALUES = [
    None, "", "-", "C:\\Windows\\PowerShell.exe", "powershell.exe", "POWERSHELL.EXE -Enc AAAA", "cmd.exe /c dir", "0x3e7", "999",
    "10.0.0.7", "::ffff:10.0.0.7", "fe80::1%4", "2001:db8::5", "2026-03-01T02:03:04Z", "1772330584", "ΑΣΑ", "İx", "STRASSE", "straße",
    "true", "False", "1e3", "1000.0", "\x02x\x03", "a\nb", "[x]", "%25", "a" * 300,
]  # fmt: skip
texts = st.one_of(
    st.sampled_from([v for v in VALUES if v]), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("".join)
)
values = st.one_of(st.sampled_from(VALUES), texts)


@st.composite
def events(draw: st.DrawFn) -> dict[str, str | None]:
    return {name: draw(values) for name in FIELDS if draw(st.booleans())}


@st.composite
def items(draw: st.DrawFn) -> tuple[str, Any]:
    field = draw(st.sampled_from([*FIELDS, "Absent"]))
    kind = draw(
        st.sampled_from(
            ["text", "text", "text", "re", "number", "compare", "cidr", "null", "exists", "ref", "time", "b64", "bool"]
        )
    )
    if kind == "text":
        mode = draw(
            st.sampled_from(
                [
                    "",
                    "|contains",
                    "|startswith",
                    "|endswith",
                    "|contains|all",
                    "|cased",
                    "|contains|cased",
                    "|windash|contains",
                    "|neq",
                ]
            )
        )
        several = draw(st.lists(texts, min_size=1, max_size=3))
        return field + mode, several if draw(st.booleans()) else several[0]
    if kind == "re":
        pattern = draw(
            st.sampled_from(
                [
                    r"power.*\.exe",
                    r"(?:power|cmd).{0,9}[Ss]hell",
                    r".{40,}",
                    r"(?i)STRASS|xyz",
                    r"^C:\\",
                    r"(?:a|x)+$",
                    r"[A-Z]{3,}",
                    r"\d+\.\d",
                    "e x",
                    r"\bx\b",
                ]
            )
        )
        return field + draw(st.sampled_from(["|re", "|re|i", "|re|s", "|re|m", "|re|i|m|s"])), pattern
    if kind == "number":
        return field, draw(st.sampled_from([999, 1000, 10, 0, 1.5]))
    if kind == "compare":
        return field + draw(st.sampled_from(["|lt", "|lte", "|gt", "|gte"])), draw(st.sampled_from([0, 10, 999, 1000]))
    if kind == "cidr":
        return field + "|cidr", draw(st.sampled_from(["10.0.0.0/8", "fe80::/10", "2001:db8::/32", "0.0.0.0/0"]))
    if kind == "null":
        return field, draw(st.sampled_from([None, ""]))
    if kind == "exists":
        return field + "|exists", draw(st.booleans())
    if kind == "ref":
        return field + draw(
            st.sampled_from(["|fieldref", "|fieldref|contains", "|fieldref|startswith", "|fieldref|endswith"])
        ), draw(st.sampled_from(FIELDS))
    if kind == "time":
        return field + draw(
            st.sampled_from(["|minute", "|hour", "|day", "|week", "|month", "|year", "|hour|gte", "|year|lt"])
        ), draw(st.sampled_from([1, 2, 3, 9, 2026]))
    if kind == "bool":
        return field, draw(st.booleans())
    return field + draw(
        st.sampled_from(["|base64", "|base64offset|contains", "|wide|base64offset|contains", "|utf16|base64|contains"])
    ), "AB"


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    detection: dict[str, Any] = {}
    for name in ("sel_a", "sel_b", "filter"):
        shape = draw(st.sampled_from(["map", "map", "list", "words"]))
        if shape == "map":
            detection[name] = dict(draw(st.lists(items(), min_size=1, max_size=3)))
        elif shape == "list":
            detection[name] = [dict([one]) for one in draw(st.lists(items(), min_size=1, max_size=3))]
        else:
            detection[name] = draw(st.lists(texts, min_size=1, max_size=2))
    detection["condition"] = draw(
        st.sampled_from(
            ["sel_a", "sel_a and not filter", "1 of sel_*", "all of sel_* and not filter", "not sel_a", "1 of them", "all of them",
             "not (sel_a or sel_b)", "sel_a or (sel_b and not filter)"]
        )
    )  # fmt: skip
    return {"title": "t", "logsource": {"product": "windows", "category": "process_creation"}, "detection": detection}


def table(rows: list[dict[str, Any]], **fixed: Any) -> pa.Table:
    """Return rows of ``windows``, Sysmon 1 unless told otherwise."""
    head = {
        "channel": "Microsoft-Windows-Sysmon/Operational",
        "provider": "Microsoft-Windows-Sysmon",
        "event_id": 1,
        **fixed,
    }
    names = sorted({name for row in rows for name in row})
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    for name, value in head.items():
        columns[name] = pa.array([value] * len(rows), pa.int32() if name == "event_id" else pa.string())
    return pa.table(columns)


def matched(rule_set: list[Rule], rows: pa.Table, name: str = "windows") -> dict[int, list[int]]:
    found: dict[int, set[int]] = {}
    for hit in Engine(rule_set).match(name, Chunk(name, rows)):
        found.setdefault(hit.rule, set()).update(hit.rows.tolist())
    return {number: sorted(places) for number, places in found.items()}


def compiled(content: dict[str, Any]) -> tuple[Rule, SigmaRule]:
    rule = SigmaRule.from_dict(content)
    source = LogSource(rule.logsource.product, rule.logsource.category, rule.logsource.service)
    told = About(id="1", title="t", place="p")
    return Rule(about=told, logsource=source, expression=compile_rule(rule, {})), SigmaRule.from_dict(content)


def event_of(rows: pa.Table, place: int) -> dict[str, Any]:
    row = rows.slice(place, 1).to_pylist()[0]
    return {name: str(value) if isinstance(value, int) else value for name, value in row.items()}


@settings(max_examples=60)
@given(
    st.lists(rules(), min_size=1, max_size=8),
    st.lists(events(), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_engine_agrees_with_the_slow_evaluator(
    contents: list[dict[str, Any]], rows: list[dict[str, str | None]], random: Any
) -> None:
    pairs = []
    for content in contents:
        try:
            pairs.append(compiled(content))
        except (SigmaError, RuleError):
            continue  # windash of too many dashes, wildcards in base64
    columns = table([*rows, *[rows[0]] * 100])  # many equal rows: the other way to ask them
    witness = witnesses(SOURCE)[0]
    expected = {
        number: places
        for number, (_, rule) in enumerate(pairs)
        if (places := oracle.matching(rule, [event_of(columns, place) for place in range(columns.num_rows)], witness))
    }
    rule_set = [rule for rule, _ in pairs]
    assert matched(rule_set, columns) == expected
    with patch.object(asking, "_MANY_VALUES", 1), patch.object(asked_plan, "_ENOUGH", 1):
        assert matched(rule_set, columns) == expected
    order = list(range(columns.num_rows))
    random.shuffle(order)
    engine = Engine(rule_set)
    cut = random.randint(0, len(order))
    shuffled: dict[int, set[int]] = {}
    for some in (order[:cut], order[cut:]):
        for hit in engine.match("windows", Chunk("windows", columns.take(pa.array(some, pa.int64())))):
            shuffled.setdefault(hit.rule, set()).update(np.array(some)[hit.rows].tolist())
    assert {number: sorted(places) for number, places in shuffled.items()} == expected


@pytest.mark.parametrize(
    ("pattern", "least", "sets"),
    [
        (r"(?i)a\.exe\s+[^x]{0,9}B\.dll", 11, (("a.exe",), ("b.dll",))),
        (r"[Pp]owerS(?:hell|hut)", 9, (("powersh",),)),
        (r"abc(?:def)?ghi", 6, (("abc",), ("ghi",))),
        (r"(?:abc)+", 3, (("abc",),)),
        (r"abc|", 0, ()),
        (r"\pLabc", 0, ()),
        (r"x\\temp", 6, (("x\\temp",),)),
    ],
)
def test_what_is_told_of_an_expression(pattern: str, least: int, sets: tuple[tuple[str, ...], ...]) -> None:
    found = shape(pattern)
    assert found.least == least
    assert set(found.sets) == set(sets)
