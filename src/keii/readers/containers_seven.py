"""7z archives: unpacked in one pass into unnamed temporary files, within the budget."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

import py7zr
import py7zr.exceptions
from py7zr.io import Py7zIO, WriterFactory

from keii.errors import UnreadableError
from keii.readers.containers_stream import DAMAGE, Budget, words

_BROKEN = (*DAMAGE, py7zr.exceptions.ArchiveError, KeyError, IndexError, TypeError, AssertionError, AttributeError)


class _Laid(Py7zIO):
    """One member on its way into a temporary file; every byte is counted before it is written."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        self.file, self.budget, self.length = file, budget, 0

    def write(self, s: bytes | bytearray) -> int:
        self.budget.spend(len(s))
        self.length += len(s)
        return self.file.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self.file.read() if size is None else self.file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def flush(self) -> None:
        self.file.flush()

    def size(self) -> int:
        return self.length


class _Factory(WriterFactory):
    """Lays members down in the order in which the archive unpacks them."""

    def __init__(self, budget: Budget, tmp: Path | None) -> None:
        self.budget, self.tmp = budget, tmp
        self.laid: dict[str, IO[bytes]] = {}

    def create(self, filename: str) -> _Laid:
        # Up to 1 MiB stays in memory, so that an archive of a thousand small files does not need a thousand handles.
        folder = str(self.tmp) if self.tmp else None
        file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=1 << 20, dir=folder))  # noqa: SIM115
        self.laid[filename] = file
        return _Laid(file, self.budget)


def seven_members(raw: BinaryIO, budget: Budget, tmp: Path | None) -> Iterator[tuple[str, IO[bytes] | None, str]]:
    """Yield (name as written, content at its start or None, why not) for every file of a 7z archive, in its order.

    Raises UnreadableError where the archive is encrypted, cut or damaged, LimitError where it is too much.
    """
    factory = _Factory(budget, tmp)
    try:
        with py7zr.SevenZipFile(raw) as archive:
            if archive.needs_password():
                raise UnreadableError("the 7z archive is encrypted")
            entries = [info for info in archive.list() if not info.is_directory]
            plain: list[str] = []
            for info in entries:
                budget.count()
                if info.is_file and not info.is_symlink and ".." not in info.filename.replace("\\", "/").split("/"):
                    plain.append(info.filename)
            if plain:
                archive.extract(path=None, targets=plain, factory=factory)
    except UnreadableError:
        raise
    except py7zr.exceptions.PasswordRequired as error:
        raise UnreadableError("the 7z archive is encrypted") from error
    except _BROKEN as error:
        raise UnreadableError(f"the 7z archive is cut or damaged ({words(error)})") from error
    laid = iter(factory.laid.values())
    wanted = set(plain)
    for info in entries:
        if info.filename not in wanted:
            yield info.filename, None, "a link, or a name that leads out of the archive, is not followed"
            continue
        file = next(laid, None)
        if file is None:
            yield info.filename, None, "it was not unpacked"
            continue
        file.seek(0)
        yield info.filename, file, ""
        file.close()
