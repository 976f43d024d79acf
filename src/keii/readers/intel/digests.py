"""What a digest in a report is of: a file, a certificate, or the way a client or server greets (JA3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Of = Literal["file", "ja3", "certificate", "other"]

DIGEST = re.compile(r"(?<![0-9A-Za-z_])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z_])")
_COLONS = r"[0-9a-fA-F]{2}(?:[: ][0-9a-fA-F]{2})"
CERTIFICATE = re.compile(rf"(?<![0-9A-Za-z:])(?:{_COLONS}{{31}}|{_COLONS}{{19}}|{_COLONS}{{15}})(?![0-9A-Za-z:])")
SERIAL = re.compile(
    r"(?:\b[Ss]erial(?:\s+(?:[Nn]umber|[Nn]o\.?))?|シリアル(?:番号|ナンバー)?)\s*(?:is|of|は)?\s*[:=|：]?\s*[\"`]?(?:0x)?"
    r"(?P<q>[0-9a-fA-F]{2}(?:[: ]?[0-9a-fA-F]{2}){3,19})(?![0-9A-Za-z:])"
)
_WORD = re.compile(
    r"(?P<ja3>\bJA3S?\b)|(?P<other>\b(?:imp-?hash|HASSH(?:Server)?|ssdeep|TLSH|authenti-?hash|rich\s?hash|vhash)\b)"
    r"|(?P<certificate>\bthumbprints?\b|拇印"
    r"|(?:\b(?:certificates?|certs?|TLS|SSL|X\.?509)\b|証明書)(?=[^\n]{0,30}(?:\bfingerprints?\b|\bhash|\bSHA-?1|\bSHA-?256|\bMD5|フィンガープリント|ハッシュ)))"
    r"|(?P<file>\b(?:files?|samples?|binar(?:y|ies)|payloads?|droppers?|loaders?|malware|documents?|attachments?|archives?|executables?|scripts?)\b|検体|ファイル)",
    re.IGNORECASE,
)
_TALKS = re.compile(r"[A-Za-z]{2}|[\u3041-\u9fff]")
_WIDE = 200  # characters of a line before a digest that are read
_ABOVE = 40  # lines of a list that are gone back to its heading


def kind_by_words(text: str, at: int) -> Of:
    """Return what a digest at an offset is of, by the words before it on its line, else by the heading of its list.

    The last word that tells it counts: «SHA-1 thumbprint of the certificate» is of a certificate, «signed with the
    certificate, sample (SHA-256)» of a file. Where no word tells, it is of a file.
    """
    for words in _before(text, at):
        told: Of = "file"
        for match in _WORD.finditer(words):
            told = (
                "ja3"
                if match["ja3"]
                else "certificate"
                if match["certificate"]
                else "other"
                if match["other"]
                else "file"
            )
        return told
    return "file"


def _before(text: str, at: int) -> Iterator[str]:
    """Yield the nearest words before an offset that are no digest: of its line, or of a line above a list of digests."""
    end = at
    for _ in range(_ABOVE):
        first = max(0, end - _WIDE)
        start = text.rfind("\n", first, end) + 1
        parts = DIGEST.split(text[max(start, first) : end])
        for part in reversed(parts):
            if _TALKS.search(part):
                yield part
                return
        if start == 0:  # the text begins here, or the line is too long to belong to a list
            return
        end = start - 1
