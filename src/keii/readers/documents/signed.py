"""Whose a notice is that says «we» or 「当社」: told by its signature, its own words, its copyright line or its addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit

import msgspec

from keii.data import load

SIGNATURE = "its signature"
REGISTRANT = "its form"
_OWN = {"en": 2, "ja": 1}  # words of its own house, so that a text speaks for itself
_HEAD, _FOOT = 4_000, 3_000  # characters of a text in which it names itself, and in which it is signed
_AFTER = 5  # lines below «Sincerely,» that sign
_LONGEST = 60  # characters of a name
_QUOTED = re.compile(r"[“\"][^“”\"\n]{0,600}[”\"]|「[^「」\n]{10,600}」")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|(?<![\w@.])www\.)([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
_SUB = re.compile(r"^(?:www|mail|info|news|press|support|corp|ir|en|blog)\.")
_TITLE_JA = re.compile(
    r"[ 　]*(?:代表|理事長|取締役|学長|院長|社長|会長|頭取|組合長|館長|校長|お客様|広報|総務|事務局|[(（]).*$"
)


class Signed(msgspec.Struct, frozen=True):
    """An organisation and by what a text names it (``signature``, ``own words``, ``mail domain`` …)."""

    name: str
    by: str


def speaks_for_itself(text: str, lang: str) -> bool:
    """Return whether a text says «we» of the house that publishes it, quotations aside."""
    if re.search(load("documents/signatures")["registrant"], text[:_HEAD]):
        return True
    bare = _QUOTED.sub("", text[: 2 * _HEAD])
    return len(_any("own", lang).findall(bare)) >= _OWN[lang]


def _registrant(text: str) -> Iterator[str]:
    found = re.search(load("documents/signatures")["registrant"], text[:_HEAD])
    if found:
        yield _trimmed(found["name"])


def tells_of_itself(text: str, lang: str) -> bool:
    """Return whether a text that speaks for itself tells of its own systems or people: a notice, not a study of others."""
    bare = _QUOTED.sub("", text[: 2 * _HEAD])
    return speaks_for_itself(text, lang) and _any("house", lang).search(bare) is not None


def signed(text: str, lang: str, url: str = "", foot: str = "") -> Signed | None:
    """Return whose a text is that speaks for itself, the surest sign first; None where it gives none.

    Args:
        text: the article or notice.
        lang: its language.
        url: its address.
        foot: the words of the page's foot where that is no part of the text: it holds the copyright line.
    """
    for by, found in (
        (REGISTRANT, _registrant(text)),
        ("its own words", _self_named(text, lang)),
        (SIGNATURE, _signature(text, lang)),
        ("its letterhead", _letterhead(text, lang)),
        ("its copyright line", _copyright(text + "\n" + foot)),
        ("its mail domain", _domain(_MAIL, text[:_HEAD] + text[-_FOOT:])),
        ("its address", (_host(url),)),
        ("its web address", _domain(_LINK, text[:_HEAD] + text[-_FOOT:])),
    ):
        name = next((name for name in found if name), "")
        if name:
            return Signed(name, by)
    return None


def no_site(name: str) -> bool:
    """Return whether words are no name of an organisation: «Home», 「お知らせ」, «Notice of Data Breach»."""
    bare = name.strip(" *#|:：-–—")
    table = load("documents/signatures")
    if re.match(table["never"], bare) or not re.search(r"\w", bare):
        return True
    return re.search(table["no_name"], bare) is not None and re.search(table["organisation"], bare) is None


@cache
def _any(key: str, lang: str) -> re.Pattern[str]:
    return re.compile("|".join(load("documents/signatures")[key][lang]))


@cache
def _named(key: str, lang: str) -> tuple[re.Pattern[str], ...]:
    table = load("documents/signatures")
    held = table[key][lang] if isinstance(table[key], dict) else table[key]
    forms = [held] if isinstance(held, str) else held
    return tuple(re.compile(form.replace("{name}", table["name"][lang])) for form in forms)


def _trimmed(name: str) -> str:
    """Return a name without the signs around it, empty for what is none."""
    bare = _SHORT_END.sub("", " ".join(name.split()).strip(" ,;:*#|-–—、。「」"))
    return "" if not 2 <= len(bare) <= _LONGEST or no_site(bare) else bare


_YEAR = re.compile(r"\b20\d\d\b")  # the line of the date below a name
_SHORT_END = re.compile(r"(?<!Inc)(?<!Corp)(?<!Ltd)(?<!Co)\.$")


def _self_named(text: str, lang: str) -> Iterator[str]:
    for form in _named("self_named", lang):
        for match in form.finditer(text[:_HEAD]):
            yield _trimmed(match["name"])
    for form in _named("about", "en") if lang == "en" else ():
        for match in form.finditer(text[-_FOOT:]):
            yield _trimmed(match["name"])


def _signature(text: str, lang: str) -> Iterator[str]:
    lines = [line.strip() for line in text[-_FOOT:].split("\n") if line.strip()]
    if lang == "ja":
        name = _named("name", "ja")[0]
        for line in reversed(lines[-12:]):
            if len(line) <= _LONGEST and (match := name.match(line)) and not line.endswith("。"):
                yield _trimmed(_TITLE_JA.sub("", match[0]))
        return
    table = load("documents/signatures")
    for at, line in enumerate(lines):
        greeted = next((found for form in table["greeting"] if (found := re.match(form, line))), None)
        last = at + 1 == len(lines) and len(line.split()) > 2 and lines[at - 1].endswith((".", "”"))
        if last and re.fullmatch(_named("name", "en")[0], line):
            yield _trimmed(line)  # a name below the last sentence
        if greeted:
            yield from _below([greeted["rest"] or "", *lines[at + 1 : at + 1 + _AFTER]])


def _below(lines: list[str]) -> Iterator[str]:
    """Yield the organisation of the lines that sign a letter: not a person, not an office."""
    table = load("documents/signatures")
    names: list[tuple[bool, str]] = []
    for line in lines:
        if line.endswith((".", "?")) and len(line.split()) > 6:
            break  # the letter goes on
        office = re.match(table["office"], line) is not None
        words = line.rpartition(", ")[2] if office and ", " in line else line
        if office and words == line:
            names = names[:-1]  # whose office it is, a person
            continue
        team = re.match(table["team"], words)
        words = team["name"] if team else words
        if re.fullmatch(_named("name", "en")[0], words) and (not office or words != line):
            names.append((bool(team) or re.search(table["organisation"], words) is not None, words))
    sure = [name for is_sure, name in names if is_sure]
    yield from (_trimmed(name) for name in (sure or [name for _, name in names[-1:]]))


def _letterhead(text: str, lang: str) -> Iterator[str]:
    """Yield a line of the head that is a name and nothing else."""
    table = load("documents/signatures")
    lines = [line.strip() for line in text[:_HEAD].split("\n") if line.strip()][:7]
    for line, below in pairwise(lines):
        if (
            lang == "ja"
            and (match := _named("name", "ja")[0].match(line))
            and not line.endswith(("。", "て", "ご報告"))
        ):
            if not _TITLE_JA.sub("", line[match.end() :]).strip(" 　"):
                yield _trimmed(match[0])
        elif (
            lang == "en"
            and re.fullmatch(_named("name", "en")[0], line)
            and (re.search(table["organisation"], line) or _YEAR.search(below[:_LONGEST]))
        ):
            yield _trimmed(line)


def _copyright(text: str) -> Iterator[str]:
    for match in _named("copyright", "en")[0].finditer(text[-2 * _FOOT :]):
        yield _trimmed(match["name"])


def _domain(form: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the one domain of the addresses that a text gives, addresses of others left out."""
    hosts = Counter(_host(match[1]) for match in form.finditer(text))
    hosts.pop("", None)
    if len(hosts) == 1:
        yield next(iter(hosts))


def _host(address: str) -> str:
    """Return the host of an address without ``www.``; empty for one of somebody else."""
    try:
        host = urlsplit(address).hostname if "//" in address else address.lower()
    except ValueError:
        return ""
    bare = _SUB.sub("", host or "")
    return "" if re.search(load("documents/signatures")["elsewhere"], bare) else bare
