"""CSV files with a header, and plain lists with one value on a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from keii.errors import LimitError, UnreadableError
from keii.model import Indicator, IntelPattern, Locator, Skipped, Source
from keii.readers.documents.encoding import decode
from keii.readers.intel.defang import refang
from keii.readers.intel.interface import IntelReader
from keii.readers.intel.roles import role_of
from keii.readers.intel.values import Value, classify, make

MAX_LIST = 512 * 1024 * 1024
MAX_FIELD = 65_536  # characters of one cell or line
_VALUE = ("value", "indicator", "ioc", "indicator_value", "observable", "pattern", "artifact", "content", "data")
_KIND = ("type", "entity_type", "indicator_type", "ioc_type", "kind", "category")
_NOTES = ("notes", "description", "comment", "context", "note", "title", "name")
_HASHED = {"user-agent": "user-agent", "useragent": "user-agent", "ja3": "ja3", "ja4": "ja4", "mutex": "mutex",
           "filename": "file-name", "file name": "file-name", "filepath": "file-path", "path": "file-path",
           "registry": "registry-key", "regkey": "registry-key", "pipe": "named-pipe"}  # fmt: skip
_MOST, _FEW = 0.8, 0.3  # share of the lines that are values: of any list, and of one with a word a line
_COMMENT = re.compile(r"\s*(?:#|//|;|--)")


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Say how surely most lines of the head are values, or its first line a header with a value column."""
    try:
        text, _ = decode(head)
    except (UnreadableError, LimitError):
        return 0.0
    lines = [line for line in text.lstrip("\ufeff").split("\n")[:200] if line.strip()]
    if len(head) >= 65_536:
        lines = lines[:-1]
    if not lines or lines[0].lstrip()[:1] in {"{", "[", "<"}:
        return 0.0
    if _columns(lines[0]) is not None:
        return 0.85
    rows = [line for line in lines if not _COMMENT.match(line)]
    values = sum(1 for line in rows if classify(refang(line.strip())) is not None)
    if not rows or values < _FEW * len(rows):
        return 0.0
    # One word a line is a list too where many of them are nothing to hunt: no text is written so.
    bare = all(len(line.partition(" #")[0].split()) == 1 for line in rows)
    return 0.75 if values >= _MOST * len(rows) or bare else 0.0


def _columns(line: str) -> tuple[int, int | None, int | None, str] | None:
    for sign in (",", ";", "\t", "|"):
        names = [part.strip().strip("\ufeff\"'").lower() for part in line.split(sign)]
        value = next((names.index(word) for word in _VALUE if word in names), None)
        kind = next((names.index(word) for word in _KIND if word in names), None)
        notes = next((names.index(word) for word in _NOTES if word in names), None)
        if len(names) > 1 and value is not None and (kind is not None or notes is not None):
            return value, kind, notes, sign
    return None


def read(data: bytes, source: Source) -> Iterator[Indicator | IntelPattern | Skipped]:
    """Yield the values of a list; a line that holds none is skipped with its number."""
    if len(data) > MAX_LIST:
        raise LimitError(f"the list has {len(data):,} bytes; at most {MAX_LIST:,} are read", place=source.name)
    text, _ = decode(data)
    text = text.lstrip("\ufeff")
    columns = _columns(text.split("\n", 1)[0])
    return _table(text, columns, source) if columns else _plain(text, source)


def _table(
    text: str, columns: tuple[int, int | None, int | None, str], source: Source
) -> Iterator[Indicator | Skipped]:
    column, kind, notes, sign = columns
    reader = csv.reader(io.StringIO(text), delimiter=sign)
    number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Skipped(place=f"line {reader.line_num}", reason=f"not CSV: {error}", record=reader.line_num)
            continue
        number = reader.line_num
        if number == 1 or not any(cell.strip() for cell in row):
            continue
        raw = row[column].strip() if len(row) > column else ""
        named = row[kind].strip().lower() if kind is not None and len(row) > kind else ""
        told = row[notes].strip() if notes is not None and len(row) > notes else ""
        where = Locator(source=source.id, record=number)
        found = _typed(raw, named)
        # One cell may hold several hashes of one file.
        many = (
            [(raw, found)]
            if found is not None
            else [(part, _typed(part, named)) for part in re.split(r"[,;\s]+", raw) if part]
        )
        if not many or any(value is None for _, value in many):
            reason = f"{raw[:80]!r} ({named or 'no type'}) is nothing that events hold"
            yield Skipped(place=f"line {number}", reason=reason, record=number)
            continue
        role = role_of(f"{told} {named}")
        for part, value in many:
            if value is not None:
                yield make(value, source, part, sentence=told[:1_000], role=role, locator=where)


def _typed(raw: str, named: str) -> Value | None:
    for word, kind in _HASHED.items():
        if word in named and raw:
            return Value(kind, raw)  # type: ignore[arg-type]
    return classify(refang(raw))


def _plain(text: str, source: Source) -> Iterator[Indicator | Skipped]:
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if not bare or _COMMENT.match(line):
            continue
        if len(bare) > MAX_FIELD:
            yield Skipped(place=f"line {number}", reason=f"{len(bare):,} characters long", record=number)
            continue
        words, _, remark = bare.partition(" #")
        found = classify(refang(words.strip()))
        if found is None:
            yield Skipped(place=f"line {number}", reason=f"{bare[:80]!r} is nothing that events hold", record=number)
        else:
            where = Locator(source=source.id, record=number)
            yield make(found, source, words.strip(), sentence=remark.strip(), role=role_of(remark), locator=where)


READER = IntelReader(id="lists", title="CSV or plain list of indicators", accepts=accepts, read=read)
