"""The head of a line of text: time, host and program as syslog and its like write them.

RFC 5424, RFC 3164 (no year, no zone), the ISO times of rsyslog and journald, and bare dates of products that write their
own files. A time without a zone is taken as UTC and a year that is not written comes from the order of the file; both
are marked as inferred, and the words stay.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.convert import convert
from keii.readers.logs.dialect import NONE, ZONED, Lines, groups, utc
from keii.readers.logs.local_time import both, placed
from keii.readers.logs.syslog_year import MONTHS, Turns, Years, day_numbers

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_BSD = r"[A-Z][a-z]{2} {1,2}[0-9]{1,2}(?: [0-9]{4})? [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_OTHER = (
    r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? [0-9]{4}"
)
_SAID = r" (?:UTC|GMT)$"
_PRI = r"^\x00*(?:<(?P<pri>[0-9]{1,3})>)?"
_RFC5424 = (
    rf"{_PRI}[0-9]{{1,2}} (?P<time>{_ISO}|-) (?P<host>\S+) (?P<program>\S+) (?P<process>\S+) (?P<msgid>\S+) "
    r"(?:-|(?P<data>(?:\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*\])+))(?: ?\x{FEFF}?(?P<tail>.*))?$"
)
_RFC3164 = (
    rf"{_PRI}:? ?[*.]?(?P<time>(?:{_ISO}|{_BSD})(?: UTC| GMT)?)(?: ?: ?| )"
    r"(?:(?P<host>[A-Za-z0-9\[](?:[\w.:%\-\]]*[\w%\]])?)(?: ?: | ))?(?P<tail>.*)$"
)
_DATED = rf"{_PRI}\[?(?P<time>{_OTHER})\]?[ ,]*(?P<tail>.*)$"
# Each byte alone decides how this goes on: RE2 then needs no search (eight times faster).
_IN_TAIL = r"^(?P<program>[^\s:\[\]=<,\"]+)(?:\[(?P<process>[0-9]+)\])?:(?P<body>.*)$"
_SHORT = r"^(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>[0-9]{1,2})(?: (?P<year>[0-9]{4}))? (?P<clock>[0-9:.]{8,15})$"
_DASHED = r"^(?P<day>[0-9]{2})-(?P<month>[A-Z][a-z]{2})-(?P<year>[0-9]{4}) (?P<clock>[0-9:.]{8,15})$"
_LONG = r"^[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>[0-9]{1,2}) (?P<clock>[0-9:.]{8,15}) (?P<year>[0-9]{4})$"
_NUMBERS = pa.array([f"{number:02d}" for number in range(1, 13)])
_WORDED = (
    r"[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? [0-9]{4}"
)
FRAMED = rf"^\x00*(?:<[0-9]{{1,3}}>)?(?:(?:[0-9]{{1,2}} )?:? ?[*.]?(?:{_ISO}|{_BSD}) |\[?(?:{_WORDED})[\].]? ?)"


def taken_off(lines: pa.Array, numbers: pa.Array, years: Years, turns: Turns, zone: str | None = None) -> Lines:
    """Return lines with their heads taken off. ``turns`` counts the changes of year over the blocks of a file.

    ``zone`` is the one that a person stated for times that write none.
    """
    after = turns.of(day_numbers(lines))
    new, is_new = groups(lines, _RFC5424)
    fields = {name: new[name] for name in ("time", "host", "program", "process", "tail")}
    if not pc.all(is_new).as_py():
        fields = _older(lines, fields, is_new)
    tail = pc.coalesce(fields["tail"], pc.if_else(pc.is_valid(fields["time"]), "", lines))
    inner, named = groups(tail, _IN_TAIL)
    five = pc.is_valid(fields["program"])
    program = pc.coalesce(fields["program"], inner["program"])
    body = pc.fill_null(
        pc.if_else(five, tail, pc.coalesce(pc.utf8_ltrim_whitespace(inner["body"]), pc.if_else(named, "", tail))), ""
    )
    occurred, written, inferred = _times(fields["time"], after, years, zone)
    return Lines(
        number=numbers, text=lines, tail=tail, body=body, occurred=occurred, written=written, inferred=inferred,
        host=fields["host"], program=program, process=pc.coalesce(fields["process"], inner["process"]), zone=zone,
    )  # fmt: skip


def _older(lines: pa.Array, fields: dict[str, pa.Array], done: pa.Array) -> dict[str, pa.Array]:
    """Fill in the heads of lines that are not of RFC 5424."""
    old, is_old = groups(pc.if_else(done, NONE, lines), _RFC3164)
    fields = {name: pc.coalesce(value, old[name]) if name in old else value for name, value in fields.items()}
    if not pc.all(pc.or_(done, is_old)).as_py():
        dated, _ = groups(pc.if_else(pc.or_(done, is_old), NONE, lines), _DATED)
        fields = {name: pc.coalesce(value, dated[name]) if name in dated else value for name, value in fields.items()}
    return fields


def _times(words: pa.Array, after: pa.Array, years: Years, zone: str | None) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return times as UTC, the words where something was inferred or not read, and what was inferred."""
    said = pc.match_substring_regex(words, _SAID)
    clock = pc.replace_substring_regex(words, _SAID, "")
    shaped = pc.replace_substring_regex(clock, r"^(\d{4})[-/](\d\d)[-/](\d\d)[ T]([0-9:]{8})[.,]?", r"\1-\2-\3T\4.")
    shaped = pc.replace_substring_regex(shaped, r"\.($|Z|[+-])", r"\1")
    shaped = pc.replace_substring_regex(shaped, r"([+-]\d\d)(\d\d)$", r"\1:\2")
    shaped = pc.replace_substring_regex(shaped, r"(\.\d{6})\d+", r"\1")
    odd = pc.fill_null(pc.match_substring_regex(words, "[A-Z][a-z]{2}[ -]"), fill_value=False)
    bare = pc.and_(said, pc.invert(pc.match_substring_regex(shaped, ZONED)))
    shaped = pc.if_else(bare, pc.binary_join_element_wise(shaped, "Z", ""), shaped)
    occurred, inferred = utc(pc.if_else(odd, NONE, shaped), zone)
    if pc.any(odd).as_py():
        named, yearless = _named_months(pc.if_else(odd, clock, NONE), after, years)
        named, marks = placed(named, pc.invert(said), zone)
        guessed = pc.and_(pc.fill_null(yearless, fill_value=False), pc.is_valid(named))
        occurred = pc.coalesce(occurred, named)
        inferred = pc.coalesce(inferred, both(pc.if_else(guessed, pa.scalar(years.mark), NONE), marks))
    kept = pc.or_(pc.is_valid(inferred), pc.and_(pc.is_valid(words), pc.is_null(occurred)))
    return occurred, pc.if_else(kept, words, NONE), inferred


def _named_months(words: pa.Array, after: pa.Array, years: Years) -> tuple[pa.Array, pa.Array]:
    """Return times whose month is a word as if in UTC, and where the year is that of the file's order."""
    parts = [pc.extract_regex(words, form) for form in (_SHORT, _DASHED, _LONG)]
    field = {
        name: pc.coalesce(*(pc.struct_field(part, name) for part in parts))
        for name in ("month", "day", "clock", "year")
    }
    stated = pc.if_else(pc.equal(field["year"], ""), NONE, field["year"])
    yearless = pc.and_(pc.is_valid(field["clock"]), pc.is_null(stated))
    if years.first is not None:
        stated = pc.coalesce(stated, pc.cast(pc.add(after, years.first), pa.string()))
    month = _NUMBERS.take(pc.index_in(field["month"], value_set=pa.array(MONTHS)))
    date = pc.binary_join_element_wise(stated, month, pc.utf8_lpad(field["day"], 2, "0"), "-")
    return convert(pc.binary_join_element_wise(date, "T", field["clock"], "Z", ""), TIME), yearless
