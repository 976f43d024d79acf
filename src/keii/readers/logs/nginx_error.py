"""nginx error logs: the request that went wrong, and why."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.dialect import NONE, Dialect, Lines, by_pattern, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

_LINE = (
    r"\[(?P<level>[a-z]+)\] (?P<worker>[0-9]+#[0-9]+): (?:\*(?P<connection>[0-9]+) )?(?P<reason>.*), client: (?P<src>[^\s,]+), "
    r"server: (?P<server_name>[^,]*)(?:, request: \"(?P<request>.*?)\")?(?P<between>(?:, [a-z]+: \"[^\"]*\")*?)"
    r"(?:, host: \"(?P<hostname>[^\"]*)\")?(?:, referrer: \"(?P<referrer>[^\"]*)\")?$"
)


def _finish(columns: Columns) -> None:
    only_addresses(columns, "src_ip")
    values, request = columns.values, columns.frame.get("request")
    parts = pc.extract_regex(request, r"^(?P<method>[A-Za-z_-]{1,32}) (?P<path>\S.*?)(?: HTTP/[0-9.]+)?$")
    values["method"], values["path"] = pc.struct_field(parts, "method"), pc.struct_field(parts, "path")
    columns.taken["request"] = pc.and_(pc.is_valid(request), pc.is_null(values["method"]))
    if "hostname" in values:
        bare = pc.replace_substring_regex(values["hostname"], r":[0-9]{1,5}$", "")
        values["hostname"] = pc.if_else(pc.equal(bare, ""), NONE, bare)


_SPEC = Spec(
    table="http", columns={"src_ip": ("src",), "hostname": ("hostname",), "referrer": ("referrer",)}, finish=_finish
)


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_pattern(lines, _LINE, _SPEC)


DIALECT = Dialect(
    id="nginx_error",
    title="nginx error log",
    sign=r"\[[a-z]+\] [0-9]+#[0-9]+: .*, client: ",
    take=_take,
    tables=("http",),
)
