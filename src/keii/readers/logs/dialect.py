"""Lines of text with their head taken off, and the shape of what takes the rest of one program's lines apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.convert import convert
from keii.readers.logs.frame import Columns, Spec, assemble
from keii.readers.logs.interface import Batch
from keii.readers.logs.local_time import marks_in, placed
from keii.readers.logs.web_address import is_address

Record = dict[str, str]  # the fields of one message, as written
NONE = pa.scalar(None, pa.string())
ZONED = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"


class Lines(msgspec.Struct, frozen=True):
    """Lines of a file, one array element each.

    Attributes:
        number: 1-based line numbers.
        text: the whole line.
        tail: what follows time and host; with the program's name.
        body: what follows the program's name.
        occurred: UTC, null where the line's time lacks something that nothing tells.
        written: the time as written, where something was inferred or it could not be read.
        inferred: marks of year and zone (``syslog_year``, ``local_time``), a comma between: what the line does not say.
        host, program, process: as the head names them.
        zone: that a person stated for times without one, None where nobody did.
    """

    number: pa.Array
    text: pa.Array
    tail: pa.Array
    body: pa.Array
    occurred: pa.Array
    written: pa.Array
    inferred: pa.Array
    host: pa.Array
    program: pa.Array
    process: pa.Array
    zone: str | None = None

    def filter(self, mask: pa.Array) -> Lines:
        """Return the lines where a mask is true."""
        return msgspec.structs.replace(self, **{name: getattr(self, name).filter(mask) for name in _COLUMNS})

    def __len__(self) -> int:
        return len(self.number)


_COLUMNS = tuple(name for name in Lines.__struct_fields__ if name != "zone")


def joined(parts: list[Lines]) -> Lines:
    """Return lines of several parts in the order of their numbers."""
    whole = {name: pa.concat_arrays([getattr(part, name) for part in parts]) for name in _COLUMNS}
    order = pc.sort_indices(whole["number"])
    return msgspec.structs.replace(parts[0], **{name: column.take(order) for name, column in whole.items()})


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one program or product.

    Attributes:
        id: stable id, also the file name.
        title: what a person calls it.
        sign: RE2 expression on ``tail`` that its lines fit and others hardly do.
        take: returns the rows of lines with the sign, and which of them it could take apart.
        tables, times: as of a ``LogReader``.
        open: for events of several lines: which lines of a block belong to events that the next block may go on with.
    """

    id: str
    title: str
    sign: str
    take: Callable[[Lines], tuple[list[Batch], pa.Array]]
    tables: tuple[str, ...] = ()
    times: str = "head"
    open: Callable[[Lines], pa.Array] | None = None


def rows(spec: Spec, lines: Lines, fields: Mapping[str, pa.Array]) -> Batch:
    """Return rows of a table made of fields that were taken out of lines; time and host come from their head."""

    def finish(columns: Columns) -> None:
        columns.values.setdefault("occurred", lines.occurred)
        columns.values.setdefault("host", lines.host)
        if spec.finish:
            spec.finish(columns)

    kept = {**fields, "program": lines.program, "process": lines.process}
    kept |= {"time": lines.written, "inferred": lines.inferred}
    whole = Spec(table=spec.table, columns=spec.columns, constants=spec.constants, finish=finish)
    frame = ArrayFrame(kept, lines.number)
    batch = assemble(whole, frame)
    return msgspec.structs.replace(batch, inferred=marks_in(frame.values["inferred"]))  # finish may have put its own


def groups(texts: pa.Array, pattern: str, unset: str = "-") -> tuple[dict[str, pa.Array], pa.Array]:
    """Return the named groups of an expression (null where empty or ``unset``), and which texts it fits."""
    found = pc.extract_regex(texts, pattern)
    fits = pc.is_valid(found)
    fields = {}
    for field in found.type:
        value = pc.struct_field(found, field.name)
        empty = pc.or_(pc.equal(value, ""), pc.equal(value, unset))
        fields[field.name] = pc.if_else(empty, NONE, value)
    return fields, fits


def by_pattern(lines: Lines, pattern: str, spec: Spec, *, column: str = "tail") -> tuple[list[Batch], pa.Array]:
    """Return rows of the lines that one expression fits, and which these are."""
    fields, fits = groups(getattr(lines, column), pattern)
    if not pc.any(fits).as_py():
        return [], fits
    if not pc.all(fits).as_py():
        fields, lines = {name: value.filter(fits) for name, value in fields.items()}, lines.filter(fits)
    return [rows(spec, lines, fields)], fits


def by_patterns(
    lines: Lines, forms: tuple[tuple[str, Spec], ...], *, column: str = "tail"
) -> tuple[list[Batch], pa.Array]:
    """Return rows of the lines that one of several expressions fits, the first that does, and which lines these are."""
    batches: list[Batch] = []
    left, claimed = lines, pa.array([], pa.int64())
    for pattern, spec in forms:
        if not len(left):
            break
        found, fits = by_pattern(left, pattern, spec, column=column)
        batches += found
        claimed = pa.concat_arrays([claimed, left.number.filter(fits)])
        left = left.filter(pc.invert(fits))
    return batches, pc.is_in(lines.number, value_set=claimed)


def only_addresses(columns: Columns, *names: str) -> None:
    """Keep of the named columns only what is an address; anything else goes to ``more``."""
    for name in names:
        if name not in columns.values:
            continue
        values = columns.values[name]
        fits = is_address(values)
        odd = pc.and_(pc.is_valid(values), pc.invert(fits))
        columns.values[name] = pc.if_else(fits, values, NONE)
        for field in _fields_of(columns, name):
            columns.taken[field] = odd


def _fields_of(columns: Columns, name: str) -> tuple[str, ...]:
    return tuple(field for field in columns.taken if field in (name, *_ALSO.get(name, ())))


_ALSO = {"src_ip": ("src", "client", "peer"), "dst_ip": ("dst", "server"), "address": ("ip",)}


def add(columns: Columns, name: str, values: pa.Array) -> None:
    """Add a field to those of the frame, for ``more``."""
    if isinstance(columns.frame, ArrayFrame):
        columns.frame.values[name] = values
        columns.frame.names = tuple(columns.frame.values)


def utc(words: pa.Array, zone: str | None) -> tuple[pa.Array, pa.Array]:
    """Return ISO times as UTC, and the marks (``local_time``) of those without a zone."""
    zoned = pc.fill_null(pc.match_substring_regex(words, ZONED), fill_value=False)
    whole = pc.if_else(zoned, words, pc.binary_join_element_wise(words, "Z", ""))
    return placed(convert(whole, TIME), pc.invert(zoned), zone)
