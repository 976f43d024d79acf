"""Messages made of ``key=value`` pairs: their pairs as records, and the tables that the records go to."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.dialect import Lines, Record
from keii.readers.logs.frame import Columns, RecordFrame, Spec, assemble
from keii.readers.logs.interface import Batch
from keii.readers.logs.local_time import marks_in, placed

MOST = 256  # pairs of one message that become fields; what follows stays as text under ``rest``
_PAIR = re.compile(r'(?<![\w.\-])([A-Za-z_][\w.\-]{0,63})=(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^\s"]\S*+|))')
_SHORT = 16_384  # characters; a longer message is taken apart only as far as MOST pairs
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "icmpv6", "132": "sctp"}
_EPOCH = re.compile(r"(\d{10})(\d{0,9})\Z")


def put(record: Record, key: str, value: str) -> None:
    """Add a field; a key that is there already gets a number (``key#2``)."""
    if key in record:
        number = 2
        while f"{key}#{number}" in record:
            number += 1
        key = f"{key}#{number}"
    record[key] = value


def key_values(text: str) -> Record:
    r"""Return the pairs of a message whose values are single words or stand in quotes; empty ones are left out.

    In quotes only ``\"`` is an escape: a backslash of ``DOMAIN\user`` stays.
    """
    pairs = (
        _PAIR.findall(text)
        if len(text) < _SHORT
        else [found.groups() for found in islice(_PAIR.finditer(text), MOST + 1)]
    )
    if len(pairs) <= MOST and "\\" not in text:
        record = {key: quoted or word for key, quoted, word in pairs if quoted or word}
        if len(record) == len(pairs):
            return record
    return _numbered(text)


def _numbered(text: str) -> Record:
    """Return the pairs with those that come again numbered, and what is beyond the bound as ``rest``."""
    record: Record = {}
    end = count = 0
    for found in islice(_PAIR.finditer(text), MOST):
        key, quoted, word = found.groups()
        value = quoted.replace('\\"', '"') if quoted else word
        end, count = found.end(), count + 1
        if value:
            put(record, key, value)
    if count == MOST and text[end:].strip():
        put(record, "rest", text[end:])
    return record


def epoch(text: str | None) -> int | None:
    """Return a count since 1970 (s, ms, µs or ns, by its digits) in microseconds; None for anything else."""
    found = _EPOCH.match(text or "")
    if not found:
        return None
    return int((found[1] + found[2]).ljust(16, "0")[:16])


def protocol_name(text: str | None) -> str | None:
    """Return a protocol's name for its number; a name in small letters."""
    return _PROTOCOLS.get(text, text.lower()) if text else None


class Event(msgspec.Struct):
    """One message.

    Attributes:
        fields: as written.
        at: its own time in microseconds since 1970, None where the head's time holds.
        inferred: ``zone`` where the message's own time names none; ``at`` is then as if in UTC.

    """

    fields: Record
    at: int | None = None
    inferred: str | None = None


def routed(
    lines: Lines, events: list[Event | None], route: Callable[[Record], str], specs: dict[str, Spec]
) -> tuple[list[Batch], pa.Array]:
    """Return the rows of events, each in the table that ``route`` names, and which lines have an event.

    ``specs`` has the names that ``route`` gives.
    """
    taken = pa.array([event is not None for event in events], pa.bool_())
    kept = lines.filter(taken)
    known = [event for event in events if event is not None]
    names = pa.array([route(event.fields) for event in known], pa.string())
    batches = []
    for name, spec in specs.items():
        mask = pc.equal(names, name)
        if pc.any(mask).as_py():
            own = [event for event, chosen in zip(known, mask.to_pylist(), strict=True) if chosen]
            batches.append(_rows(spec, kept.filter(mask), own))
    return batches, taken


def _rows(spec: Spec, lines: Lines, events: list[Event]) -> Batch:
    own = pc.cast(pc.cast(pa.array([event.at for event in events], pa.int64()), pa.timestamp("us")), TIME)
    unzoned = pa.array([event.inferred is not None for event in events], pa.bool_())
    own, marks = placed(own, unzoned, lines.zone)
    told = pc.if_else(pc.is_valid(own), marks, lines.inferred)
    occurred = pc.coalesce(own, lines.occurred)
    heads = (lines.program, lines.process, lines.written, told)
    for event, program, process, written, inferred in zip(events, *(head.to_pylist() for head in heads), strict=True):
        _envelope(event, program, process, written, inferred)

    def finish(columns: Columns) -> None:
        columns.values["occurred"] = occurred
        columns.values["host"] = lines.host
        if spec.finish:
            spec.finish(columns)

    whole = Spec(table=spec.table, columns=spec.columns, constants=spec.constants, finish=finish)
    batch = assemble(whole, RecordFrame([event.fields for event in events], lines.number.to_pylist()))
    return msgspec.structs.replace(batch, inferred=marks_in(told))


def _envelope(
    event: Event, program: str | None, process: str | None, written: str | None, inferred: str | None
) -> None:
    fields = event.fields
    if program and "=" not in program and program not in ("CEF", "LEEF"):
        put(fields, "program", program)
    if process:
        put(fields, "process", process)
    if event.at is None and written:
        put(fields, "written", written)
    if inferred:
        put(fields, "inferred", inferred)
