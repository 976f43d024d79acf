"""Names of archive members, made safe to show and to record. They are never used as a path."""

from __future__ import annotations

import zipfile


def clean_name(written: str, longest: int, seen: dict[str, int]) -> tuple[str, str]:
    """Return a member's name and why it is refused (empty where it is not).

    Separators become ``/``, a root or drive is dropped, control characters and undecodable bytes are replaced, ``!``
    (which joins archive and member) is kept; a name that comes twice is numbered (``a.log#2``).
    """
    name = written.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\\", "/")
    name = "".join("\ufffd" if ord(letter) < 32 or letter == "\x7f" else letter for letter in name)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if parts and len(parts[0]) == 2 and parts[0][1] == ":":
        parts = parts[1:]
    clean = "/".join(parts) or "(no name)"
    refused = ""
    if ".." in parts:
        refused = "its name leads out of the archive"
    if len(clean) > longest:
        clean, refused = clean[:80] + "…", f"its name is longer than {longest} characters"
    seen[clean] = seen.get(clean, 0) + 1
    return (clean if seen[clean] == 1 else f"{clean}#{seen[clean]}"), refused


def zip_name(info: zipfile.ZipInfo) -> str:
    """Return a zip member's name; without the UTF-8 flag it is tried as UTF-8, then as Windows Japanese (CP932)."""
    name = info.orig_filename
    if info.flag_bits & 0x800:
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name
