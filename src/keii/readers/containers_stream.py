"""Streams out of archives: bounded, told when damaged, with a look at the first bytes before they are read."""

from __future__ import annotations

import hashlib
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

import msgspec
import zstandard

from keii.errors import LimitError

HEAD = 64 * 1024

# What the standard library and our codecs raise on cut, damaged or encrypted input.
DAMAGE = (
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    zstandard.ZstdError,
)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds within which an archive is opened.

    Attributes:
        members: how many members one archive may have, nested ones counted too.
        total: bytes that may come out of one outermost archive.
        ratio: bytes out per byte of the outermost archive, once ``free`` bytes have come out. Logs of all zeros
            reach 1000, real logs stay under 60.
        free: bytes to which no ratio applies.
        depth: archives inside archives.
        name: characters of a member's name.
    """

    members: int = 100_000
    total: int = 200 * 1024**3
    ratio: int = 200
    free: int = 64 * 1024**2
    depth: int = 3
    name: int = 1024


class Budget:
    """What may still come out of one outermost archive."""

    def __init__(self, limits: Limits, size: int) -> None:
        self.limits = limits
        self.allowed = min(limits.total, max(limits.free, limits.ratio * size))
        self.spent = 0
        self.members = 0

    def spend(self, size: int) -> None:
        """Count bytes that came out. Raises LimitError."""
        self.spent += size
        if self.spent > self.allowed:
            allowed = f"{self.allowed:,} bytes"
            raise LimitError(f"more than {allowed} come out of the archive: its bounds are {self._bounds()}")

    def count(self) -> None:
        """Count a member. Raises LimitError."""
        self.members += 1
        if self.members > self.limits.members:
            raise LimitError(f"the archive has more than {self.limits.members:,} members")

    def _bounds(self) -> str:
        return f"{self.limits.total:,} bytes in all and {self.limits.ratio} times its size"


class MemberStream(io.RawIOBase):
    """A member's bytes, read once, forward.

    Damage and bounds end the stream instead of breaking its reader, so that what came before is kept; ``damage`` then
    says what happened and at which byte. The caller must look at it when the reader is done.
    """

    def __init__(self, inner: IO[bytes], budget: Budget | None = None) -> None:
        self._inner = inner
        # One step at a time: read() would drop what it has when the next step finds the damage.
        self._read: Callable[[int], bytes] = getattr(inner, "read1", inner.read)
        self._budget = budget
        self._head = b""
        self._at = 0
        self._content = hashlib.sha256()
        self.damage = ""
        self.taken = 0

    def head(self, size: int = HEAD) -> bytes:
        """Return the first bytes without consuming them; call it before the first read."""
        while len(self._head) < size and (more := self._take(size - len(self._head))):
            self._head += more
        return self._head[:size]

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with the next bytes; 0 at the end or at the damage."""
        view = memoryview(buffer).cast("B")
        if self._at < len(self._head):
            piece = self._head[self._at : self._at + len(view)]
            self._at += len(piece)
        else:
            piece = self._take(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _take(self, size: int) -> bytes:
        if self.damage:
            return b""
        try:
            piece = self._read(size)
            if self._budget is not None:
                self._budget.spend(len(piece))
        except LimitError as error:
            self.damage = f"{error.message}; read up to byte {self.taken:,}"
            return b""
        except DAMAGE as error:
            self.damage = f"cut or damaged after byte {self.taken:,} ({words(error)})"
            return b""
        self.taken += len(piece)
        self._content.update(piece)
        return piece

    def content(self) -> str:
        """Return the SHA-256 of all its bytes, reading what its reader left; empty where they could not all be read."""
        while self._take(1024 * 1024):
            pass
        return "" if self.damage else self._content.hexdigest()


class FileStream(MemberStream):
    """A whole file that is no archive: it can be moved in, and its hash is known from the ledger."""

    def __init__(self, inner: IO[bytes], sha256: str) -> None:
        super().__init__(inner)
        self._sha256 = sha256

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move in the file."""
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._inner.tell()

    def head(self, size: int = HEAD) -> bytes:
        """Return the first bytes; the place is the start again."""
        first = self._take(size)
        self._inner.seek(0)
        return first

    def content(self) -> str:
        """Return the hash of the ledger; empty where the disk could not be read."""
        return "" if self.damage else self._sha256


class ZstandardFile(io.RawIOBase):
    """All frames of a zstandard file. The library's own reader does not tell a cut frame from a whole one."""

    WINDOW = 2**27  # 128 MiB, what `zstd -d` allows; a larger window is a way to exhaust memory
    PIECE = 2048  # bytes in at a time: 4 bytes can stand for a block of 128 KiB, so 64 MiB may come out of it

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame = self._next_frame()
        self._begun = False
        self._out = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with the next bytes. Raises EOFError where the last frame is cut."""
        view = memoryview(buffer).cast("B")
        while not self._out:
            packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame, self._begun = self._next_frame(), False
            packed = packed or self._raw.read(self.PIECE)
            if not packed and self._begun:
                raise EOFError("the file ends inside a frame")
            if not packed:
                return 0
            self._begun = True
            self._out = memoryview(self._frame.decompress(packed))
        count = min(len(view), len(self._out))
        view[:count] = self._out[:count]
        self._out = self._out[count:]
        return count

    def _next_frame(self) -> zstandard.ZstdDecompressionObj:
        return zstandard.ZstdDecompressor(max_window_size=self.WINDOW).decompressobj()


class Windowed(io.RawIOBase):
    """The first ``size`` bytes of a file: a log that grows while it is read gives what was recorded, not more."""

    def __init__(self, inner: IO[bytes], size: int) -> None:
        self._inner = inner
        self._size = size

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always: it is a file."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move inside the window."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._inner.tell(), io.SEEK_END: self._size}[whence]
        return self._inner.seek(max(0, min(base + offset, self._size)))

    def tell(self) -> int:
        """Return the place."""
        return self._inner.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with the next bytes of the window."""
        view = memoryview(buffer).cast("B")
        piece = self._inner.read(min(len(view), max(0, self._size - self._inner.tell())))
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close the file too."""
        self._inner.close()
        super().close()


def words(error: BaseException) -> str:
    """Return an error's words as one clause."""
    return " ".join((str(error) or type(error).__name__).split())[:200].rstrip(".")
