"""Event logs altered as an intruder or a service would."""

from __future__ import annotations

import struct

from keii.readers.logs.evtx import CHUNK, HEADER


def records_at(chunk: bytes) -> list[int]:
    """Return where the records of a whole chunk start."""
    at, found = 512, []
    while chunk[at : at + 4] == b"\x2a\x2a\x00\x00":
        found.append(at)
        at += struct.unpack_from("<I", chunk, at + 4)[0]
    return found


def forgetful(log: bytes) -> tuple[bytes, list[int], list[int]]:
    """Return the first chunk as if its log had begun anew and stopped early, with places kept and forgotten."""
    chunk = bytearray(log[HEADER : HEADER + CHUNK])
    places = records_at(chunk)
    kept = len(places) // 3
    first, _ = struct.unpack_from("<QQ", chunk, 8)
    struct.pack_into("<Q", chunk, 16, first + kept - 1)
    struct.pack_into("<Q", chunk, 32, first + kept - 1)
    struct.pack_into("<I", chunk, 48, places[kept])
    return log[:HEADER] + bytes(chunk), places[:kept], places[kept:]
