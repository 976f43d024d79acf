"""What the user knows of the victim's files: a CSV of path patterns with a classification and an owner."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from fnmatch import translate
from pathlib import Path

import msgspec

from keii.errors import SettingsError
from keii.model import Trace

_COLUMNS = ("path", "label", "owner")
_MOST = 10_000  # rows


class Label(msgspec.Struct, frozen=True, kw_only=True):
    r"""A row: files whose ``\\server\path`` fits ``pattern`` (``*`` and ``?``, without case) carry ``label`` and belong to ``owner``."""

    pattern: str
    label: str
    owner: str = ""
    fits: re.Pattern[str]


def read_labels(path: Path) -> tuple[Label, ...]:
    """Return the rows of a CSV file (UTF-8, header ``path,label`` or ``path,label,owner``). Raises SettingsError with the line."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"labels: {error.strerror or error}", place=str(path)) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"labels: expected UTF-8, found another byte at {error.start}", place=str(path)) from error
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = tuple(name.strip().lower() for name in next(rows, []))
        if header not in (_COLUMNS, _COLUMNS[:2]):
            raise SettingsError(
                f"labels: expected the header {','.join(_COLUMNS)}, found {','.join(header)!r}", place=f"{path}, line 1"
            )
        return tuple(
            _row(row, len(header), f"{path}, line {rows.line_num}") for row in _bounded(rows, path) if any(row)
        )
    except csv.Error as error:
        raise SettingsError(f"labels: {error}", place=f"{path}, line {rows.line_num}") from error


def label_of(server: str, path: str, labels: Sequence[Label]) -> Label | None:
    """Return the first row that a file fits."""
    whole = _normal(f"//{server}/{path}")
    return next((label for label in labels if label.fits.match(whole)), None)


def labelled(found: Trace, root: Path, name: str) -> Trace:
    """Return a trace with the labels of the file ``name`` in a case on its files, as it is without one. Raises SettingsError."""
    if not name:
        return found
    labels = read_labels(root / name)
    fitting = ((file, label_of(file.server, file.path, labels)) for file in found.files)
    files = tuple(
        msgspec.structs.replace(file, label=label.label, owner=label.owner) if label else file
        for file, label in fitting
    )
    return msgspec.structs.replace(found, files=files)


def _bounded(rows: csv._reader, path: Path) -> list[list[str]]:  # type: ignore[name-defined]
    found = []
    for row in rows:
        found.append(row)
        if len(found) > _MOST:
            raise SettingsError(f"labels: more than {_MOST:,} rows", place=str(path))
    return found


def _row(row: list[str], columns: int, place: str) -> Label:
    cells = [cell.strip() for cell in row]
    if len(cells) != columns or not cells[0] or not cells[1]:
        raise SettingsError(f"labels: expected {columns} columns, the first two filled, found {row!r}", place=place)
    pattern = _normal(cells[0])
    anchored = pattern if pattern.startswith("//") else f"*/{pattern.lstrip('/')}"
    return Label(
        pattern=cells[0], label=cells[1], owner=cells[2] if columns > 2 else "", fits=re.compile(translate(anchored))
    )


def _normal(path: str) -> str:
    return re.sub(r"(?<!^)/{2,}", "/", path.replace("\\", "/")).lower()
