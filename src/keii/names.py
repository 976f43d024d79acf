"""Codes as the words that a person reads: topics, values, hedges, speakers, times; from ``data/names.yaml`` and ``data/text``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from keii.data import load
from keii.model import ELSEWHERE, Category, Claim, Date, Duration, Finding, Interval, Moment, Number, Value
from keii.wording import Lang, say

_BYTES = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_CLOCK = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))(?P<rest>[~?%]?)")
_YEAR = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?")
_LOGS = re.compile(r"(?:^|(?<=, ))logs(?=, |$)")
_ENDS = re.compile(r"\b(?:source|target|network)\b")
_SEASON = re.compile(r"(?P<year>\d{4})-(?P<season>2[1-4])")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([YMWDHS])")


def topic(of: str, lang: Lang) -> str:
    """Return a topic in words."""
    return str(load("topics").get(of, {}).get(lang, of))


def word(group: str, of: str, lang: Lang) -> str:
    """Return a code of a group of ``data/names.yaml`` in words; a code without a name stays as it is."""
    return str(load("names")[group].get(of, {}).get(lang, of))


def kind(of: str, lang: Lang) -> str:
    """Return a kind of document in words."""
    return word("kinds", of, lang)


def category(of: str, lang: Lang) -> str:
    """Return a category's code in words."""
    return word("categories", of, lang)


def value(of: Value, lang: Lang, zone: str = "UTC") -> str:
    """Return a value in words: ``27,445 files``, ``until 2018``, ``6 months``, ``data taken out``."""
    if isinstance(of, Number):
        return _number(of, lang)
    if isinstance(of, Date | Interval):
        return edtf(of.edtf, lang, zone)
    if isinstance(of, Duration):
        return _duration(of.iso, lang)
    return _category(of, lang)


def _number(of: Number, lang: Lang) -> str:
    if of.unit == "byte":
        return volume(of.num) + (f"–{volume(of.high)}" if of.high is not None else "")
    shown = f"{of.num:,}" + (f"–{of.high:,}" if of.high is not None else "")
    unit = load("names")["units"].get(of.unit)
    if unit is None:
        return f"{shown} {of.unit}"
    if lang == "ja":
        return f"{shown}{unit['ja']}"
    return f"{shown} {unit['en'][0 if of.num == 1 and of.high is None else 1]}"


def volume(count: float) -> str:
    """Return bytes with a decimal unit."""
    for unit, step in _BYTES:
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count:g} B"


def _duration(iso: str, lang: Lang) -> str:
    date, _, clock = iso.removeprefix("P").partition("T")
    parts = [(count, part) for count, part in _SPAN.findall(date)]
    parts += [(count, f"T{part}") for count, part in _SPAN.findall(clock)]
    names = load("names")["spans"]
    if not parts or any(part not in names for _, part in parts):
        return iso
    if lang == "ja":
        return "".join(f"{count}{names[part]['ja']}" for count, part in parts)
    return " ".join(f"{count} {names[part]['en'][0 if count == '1' else 1]}" for count, part in parts)


def _category(of: Category, lang: Lang) -> str:
    names = load("names")
    items = [names["items"].get(item, item) if lang == "ja" else item for item in of.items]
    if not items:
        return category(of.cat, lang)
    listed = ("、" if lang == "ja" else ", ").join(items)
    if names["categories"].get(of.cat, {}).get("generic"):
        return listed
    return f"{category(of.cat, lang)}{'：' if lang == 'ja' else ': '}{listed}"


def edtf(of: str, lang: Lang, zone: str = "UTC") -> str:
    """Return an EDTF value in words; a clock time with an offset is shown in ``zone`` unless that is UTC."""
    start, slash, end = of.partition("/")
    if slash:
        first, last = (edtf(one, lang, zone) if one not in ("", "..") else "" for one in (start, end))
        if first and last:
            return say("edtf.span", lang, {"start": first, "end": last})
        return say("edtf.from", lang, {"start": first}) if first else say("edtf.until", lang, {"end": last})
    found = _CLOCK.fullmatch(of)
    if found:
        date = _local(dt.datetime.fromisoformat(found["at"]), zone)
        return say("edtf.about", lang, {"date": date}) if found["rest"] else date
    if of.endswith("~"):
        return say("edtf.about", lang, {"date": _date(of[:-1], lang)})
    return _date(of, lang)


def _date(of: str, lang: Lang) -> str:
    """Return a date without a zone: seasons by name; to a Japanese reader a bare number is no year."""
    season = _SEASON.fullmatch(of)
    if season:
        return say(f"edtf.season.{season['season']}", lang, {"year": season["year"]})
    if lang == "ja" and _YEAR.fullmatch(of):
        year, _, month = of.partition("-")
        return f"{year}年{int(month)}月" if month else f"{year}年"
    return of.replace("T", " ")


def _local(at: dt.datetime, zone: str) -> str:
    """Return a zoned time with its offset written: in ``zone`` where one is named, else as it was written."""
    try:
        own = at if zone == "UTC" else at.astimezone(ZoneInfo(zone))
    except OverflowError:  # the first and last days that the calendar knows
        own = at
    offset = own.strftime("%z")
    return f"{own:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:5]}"


def moment(of: Moment | None, lang: Lang, zone: str = "UTC") -> str:
    """Return a moment in words, ``?`` for none, with ``*`` where its zone was inferred; its precision is kept."""
    if of is None:
        return "?"
    words = edtf(of.edtf, lang, zone)
    return f"{words}*" if of.zone_inferred and _CLOCK.match(of.edtf) else words


def instant(iso: str | None, zone: str = "UTC") -> str:
    """Return an ISO 8601 instant to the minute: ``2019-03-05 10:42 +09:00``; without an offset where ``zone`` is UTC."""
    if not iso:
        return "?"
    if zone == "UTC" or len(iso) < 16:
        return iso.replace("T", " ")[:16]
    at = dt.datetime.fromisoformat(iso)
    return _local(at if at.tzinfo else at.replace(tzinfo=dt.UTC), zone)


def hedge(claim: Claim, lang: Lang) -> str:
    """Return in words what keeps a claim from being a plain assertion; empty where nothing does."""
    parts = []
    if claim.polarity == "not-confirmed":
        known = claim.state in ("under-investigation", "declined")
        parts.append(say(f"hedge.{claim.state if known else 'not-confirmed'}", lang))
    elif claim.polarity == "denied":
        parts.append(say("hedge.denied", lang))
    if claim.modality != "certain":
        parts.append(say(f"hedge.{claim.modality}", lang))
    if claim.scope == "planned":
        parts.append(say("hedge.planned", lang))
    joined = parts[0] if parts else ""
    for part in parts[1:]:
        joined = say("hedge.join", lang, {"one": joined, "other": part})
    return joined


def told(claim: Claim, lang: Lang, zone: str = "UTC") -> str:
    """Return a claim's value with how exact and how sure it is: ``about 28,000 files (possible)``.

    What a source tells of another breach than its own says so, wherever it is shown.
    """
    words = _told(claim, lang, zone)
    return say("hedge.elsewhere", lang, {"value": words}) if claim.about == ELSEWHERE else words


def _told(claim: Claim, lang: Lang, zone: str) -> str:
    hedged = hedge(claim, lang)
    if _is_flag(claim):
        words = say("value.yes", lang)
        if claim.polarity != "affirmed":
            return hedged
    else:
        words = value(claim.value, lang, zone)
    if isinstance(claim.value, Number | Duration):
        for qualifier in claim.approximation.split("+"):
            words = say(f"approximation.{qualifier}", lang, {"value": words})
    return say("hedge.of", lang, {"value": words, "hedge": hedged}) if hedged else words


def _is_flag(claim: Claim) -> bool:
    """Return whether the topic already says all that the value says: only one category is possible, and no item named."""
    only = load("topics").get(claim.topic, {}).get("cats", ())
    return isinstance(claim.value, Category) and not claim.value.items and list(only) == [claim.value.cat]


def speaker(claim: Claim, lang: Lang, teller: str = "") -> str:
    """Return who says a claim: a name, an unnamed voice, the author; with the publication where they differ."""
    who = claim.speaker or teller or claim.source
    words = voice(who, lang)
    return say("speaker.via", lang, {"who": words, "teller": teller}) if teller and who != teller else words


def voice(of: str, lang: Lang) -> str:
    """Return a speaker as a claim names it in words: unnamed ones, the author and logs are said to be so."""
    if of == "author":
        return say("speaker.the-author", lang)
    if of.startswith("log:"):
        return say("speaker.log", lang, {"who": of[4:]})
    if of.startswith("anonymous:"):
        return say("speaker.anonymous", lang, {"who": of.removeprefix("anonymous:")})
    return of


def subject(of: str, lang: Lang) -> str:
    """Return a subject that statements are expected to speak of, in words."""
    return str(load("checks/expected")["subjects"].get(of, {}).get(lang, of))


def facts(of: Mapping[str, str], lang: Lang, zone: str = "UTC") -> dict[str, str]:
    """Return the facts of a sentence with subjects, topics, speakers, instants and EDTF times in words."""
    spoken: dict[str, Callable[[str], str]] = {
        "subject": lambda text: subject(text, lang),
        "topic": lambda text: topic(text, lang),
        "edtf": lambda text: edtf(text, lang, zone),
        "at": lambda text: _at(text, zone),
        "who": lambda text: voice(text, lang),
        "deeds": lambda text: ", ".join(word("deeds", kind, lang) for kind in text.split(", ")),
        "missing": lambda text: _ENDS.sub(lambda end: say(f"end.{end[0]}", lang), text),
        "sources": lambda text: _LOGS.sub(say("speaker.logs", lang), text),
    }
    return {name: spoken[name](text) if name in spoken and text else text for name, text in of.items()}


def _at(text: str, zone: str) -> str:
    """Return an instant in ``zone``, with the zone named; what is told in words already stays."""
    if not _CLOCK.fullmatch(text):
        return text
    return f"{instant(text)} UTC" if zone == "UTC" else instant(text, zone)


def why(of: Finding, lang: Lang, zone: str = "UTC") -> str:
    """Return the sentence of a finding, which may name its sources beside its facts."""
    told = say(of.why, lang, facts({"sources": ", ".join(of.sources), **of.facts}, lang, zone))
    return f"{told} {say('finding.voice-inferred', lang)}" if of.facts.get("voice") == "inferred" else told
