"""Bytes to text: the encoding is decided by the content, a declared one is only a hint."""

from __future__ import annotations

import codecs
import re

from keii.errors import LimitError, UnreadableError

MAX_TEXT = 64 * 1024 * 1024  # bytes of a text document; a longer one is refused, never cut in silence

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_ISO_2022 = re.compile(rb"\x1b\$[@B]|\x1b\([JI]|\x1b\$\(D")
_COMMON = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\u3001\u3002]")  # kana, prolonged mark, comma, full stop
_HALF_KANA = re.compile(r"[\uff61-\uff9f]")
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]|\ufffd+")
_BROKEN = re.compile(r"\ufffd+")
_NULS = re.compile(r"\x00+")
_PLACES = 5  # broken places told one by one
_CANDIDATES = ("cp932", "euc_jp", "cp1252", "latin-1")


def decode(data: bytes, declared: str | None = None) -> tuple[str, tuple[str, ...]]:
    r"""Return the text of ``data`` with ``\\n`` line ends, and notes on what had to be guessed.

    Tried in order: a byte order mark, ISO-2022-JP escapes, UTF-16 without a mark, strict UTF-8; then the Japanese and
    Western encodings, of which the one that reads most like text wins. Raises LimitError above ``MAX_TEXT`` and
    UnreadableError for data that is no text.
    """
    if len(data) > MAX_TEXT:
        raise LimitError(f"the text has {len(data):,} bytes; at most {MAX_TEXT:,} are read")
    text, name, notes = _decode(data, declared)
    if (first := text.find("\x00")) >= 0 and name.startswith("utf-8"):
        text, nuls = _NULS.subn("\ufffd", text)
        if not text.strip("\ufffd \n\r\t"):
            raise UnreadableError("this is not text: nothing but NUL characters")
        notes = (*notes, f"{nuls:,} runs of NUL characters replaced, the first at character {first:,}")
    if text and len(_ODD.findall(text[:200_000])) > 0.1 * min(len(text), 200_000) + 1:
        raise UnreadableError("this is not text: too many control characters, whatever the encoding")
    if name not in {"utf-8", "utf-8-sig", "ascii"}:
        notes = (f"read as {name}, decided by the content", *notes)
    if declared and not _same(declared, name) and not text.isascii():
        notes = (*notes, f"the text declares {declared} and is {name}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd"), notes


def _same(declared: str, name: str) -> bool:
    try:
        first, second = codecs.lookup(declared).name, codecs.lookup(name).name
    except LookupError:
        return False
    families = ({"shift_jis", "cp932", "shift_jis_2004"}, {"utf-8", "utf-8-sig"}, {"iso8859-1", "cp1252", "ascii"})
    return first == second or any(first in family and second in family for family in families)


def _decode(data: bytes, declared: str | None) -> tuple[str, str, tuple[str, ...]]:
    for mark, name in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(name), name, ()
            except UnicodeDecodeError as error:
                return data.decode(name, "replace"), name, (f"damaged at byte {error.start:,}",)
    if _ISO_2022.search(data[:1_000_000]) and max(data[:1_000_000], default=0) < 0x80:
        for name in ("iso2022_jp", "iso2022_jp_ext"):
            try:
                return data.decode(name), name, ()
            except UnicodeDecodeError:
                continue
        return data.decode("iso2022_jp", "replace"), "iso2022_jp", ("damaged: some characters could not be read",)
    if wide := _utf16_without_mark(data):
        return data.decode(wide, "replace"), wide, ()
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError as error:
        return _other(data, declared, error)


def _utf16_without_mark(data: bytes) -> str | None:
    """Tell UTF-16 by its zero bytes: nearly all on one side for Western text; for Japanese, line ends and kana rows."""
    head = data[:4096]
    if len(head) < 4 or len(data) % 2:
        return None
    low, high = head[0::2], head[1::2]
    for name, upper in (("utf-16-le", high), ("utf-16-be", low)):
        zeros, kana = upper.count(0), upper.count(0x30)
        other = head[0::2] if upper is high else head[1::2]
        if zeros > 0.4 * len(upper) and other.count(0) < 0.05 * len(other):
            return name
        if zeros and kana > 0.2 * len(upper) and b"\x00\n" in (head if name == "utf-16-be" else head[::-1]):
            return name
    return None


def _other(data: bytes, declared: str | None, error: UnicodeDecodeError) -> tuple[str, str, tuple[str, ...]]:
    best: tuple[float, str, str] | None = None
    for name in _CANDIDATES:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        score = _plausible(text[:200_000]) + (0.05 if declared and _same(declared, name) else 0.0)
        if best is None or score > best[0]:
            best = (score, text, name)
    cut = data.decode("utf-8", "replace")
    broken = len(_BROKEN.findall(cut))
    beyond = sum(1 for sign in cut[:200_000] if sign > "\x7f" and sign != "\ufffd")
    if broken <= max(3, len(cut) // 1000) or beyond >= 4 * len(_BROKEN.findall(cut[:200_000])) > 0:
        # UTF-8 with a few damaged bytes reads better than any other encoding forced upon it.
        return cut, "utf-8", (_told_broken(data, broken, error),)
    if best is not None and best[0] > -0.5:
        return best[1], best[2], ()
    for name in ("cp932", "euc_jp"):
        text = data.decode(name, "replace")
        if text.count("\ufffd") <= max(3, len(text) // 1000) and _COMMON.search(text):
            return text, name, (f"{text.count(chr(0xFFFD))} damaged characters",)
    if best is None:
        return cut, "utf-8", (f"{broken} damaged characters",)
    return best[1], best[2], ("the encoding is a guess",)


def _told_broken(data: bytes, count: int, error: UnicodeDecodeError) -> str:
    """Say how many damaged characters were replaced and where the first ones stand."""
    places, rest, at = [error.start], memoryview(data), error.end
    while len(places) < _PLACES:
        try:
            bytes(rest[at:]).decode("utf-8")
            break
        except UnicodeDecodeError as next_error:
            if at + next_error.start > places[-1] + 3:
                places.append(at + next_error.start)
            at += next_error.end
    shown = ", ".join(f"{place:,}" for place in places) + (" …" if count > len(places) else "")
    return f"{count:,} damaged characters replaced, at byte {shown}"


def _plausible(text: str) -> float:
    """Score how much a decoding reads like text: kana and ASCII speak for it, half-width kana and controls against."""
    if not text:
        return 0.0
    beyond = [sign for sign in text if ord(sign) > 0x7F]
    if not beyond:
        return 0.0
    wide = "".join(beyond)
    letters = sum(1 for sign in wide if sign.isalpha())
    cjk = sum(1 for sign in wide if "\u3000" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uff5e")
    score = len(_COMMON.findall(wide)) / len(wide) + 0.5 * cjk / len(wide) + 0.2 * letters / len(wide)
    return score - 2.0 * len(_HALF_KANA.findall(wide)) / len(wide) - 3.0 * len(_ODD.findall(wide)) / len(wide)
