"""Small sources for tests: Zeek logs with known numbers of rows, and archives of all kinds."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

FIELDS = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes")
TYPES = ("time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count")


def conn(rows: int, *, first: int = 0) -> bytes:
    """Return a Zeek conn log of ``rows`` connections to 203.0.113.0/24, one a minute, uids from ``first`` on."""
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn"]
    head += ["#fields\t" + "\t".join(FIELDS), "#types\t" + "\t".join(TYPES)]
    lines = [
        f"{1_600_000_000 + 60 * n}.000000\tC{n:06d}\t10.0.0.{n % 200 + 1}\t{40000 + n % 1000}\t203.0.113.{n % 250 + 1}"
        f"\t443\ttcp\tssl\t1.5\t{n}"
        for n in range(first, first + rows)
    ]
    return "\n".join([*head, *lines, ""]).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip of these members, in this order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    """Return a tar of these members, in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    """Return a gzip without a time in it."""
    return gzip.compress(content, mtime=0)
