"""Dates to events: what a date is the date of is told by its verb, never by its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from keii.claims.frames import labelled, turned
from keii.claims.lexicon import times, words
from keii.claims.places import Where, long_before
from keii.claims.sentences import unquoted
from keii.model import Date, Document, Interval, Moment, Value
from keii.moments import Spanned, may_date, parse_dates

_REACH = 240  # characters from a date to its verb in English
_STANDS_AT = re.compile(r"(?:の)?(?:時点|現在)")
_AS_OF = re.compile(r"\bas of\s+(?:the )?$", re.I)
_LOOK_BACK = 300  # characters that 同日 and 同年 look back: keeps the work linear


class Event(msgspec.Struct, frozen=True):
    """A date with the topic of its event; ``scope`` is ``planned`` for what is still to come."""

    start: int
    end: int
    topic: str
    value: Value
    moment: Moment
    approximation: str
    scope: str | None
    verb: int
    verb_end: int


def dates_of(where: Where) -> list[Spanned]:
    """Return the dates of a sentence, counted from the source's publication."""
    document, sentence = where.document, where.sentence
    reference = where.voice.published or document.published or _latest_quoted(document)
    zone = reference.zone if reference and reference.zone else ("+09:00" if document.lang == "ja" else None)
    zone = _declared_zone(document.text) or zone if document.lang == "en" else zone
    back = words(document.lang, "times", "looks_back")
    looks_back = where.find(back, sentence.start, sentence.end)
    begin = max(0, sentence.start - _LOOK_BACK) if looks_back else sentence.start
    if not may_date(where.folded[begin : sentence.end], document.lang):
        return []
    read = parse_dates(document.text[begin : sentence.end], document.lang, reference, zone)
    return [Spanned(d.start + begin, d.end + begin, d.moment) for d in read if d.start + begin >= sentence.start]


_DECLARED = re.compile(
    r"\b(?:all )?times (?:below |here )?(?:are )?(?:given |shown |listed |stated )?(?:in )?\(?"
    r"(UTC|GMT|BST|CEST|CET|EST|EDT|CST|CDT|PST|PDT|JST|AEST|AEDT)\b"
)
_OFFSETS = {
    "UTC": "+00:00", "GMT": "+00:00", "BST": "+01:00", "CET": "+01:00", "CEST": "+02:00", "EST": "-05:00", "EDT": "-04:00",
    "CST": "-06:00", "CDT": "-05:00", "PST": "-08:00", "PDT": "-07:00", "JST": "+09:00", "AEST": "+10:00", "AEDT": "+11:00",
}  # fmt: skip


@lru_cache(maxsize=4)
def _declared_zone(text: str) -> str | None:
    """Return the zone in which a document says that its times are («Timeline (all times UTC)»), None where it does not."""
    said = _DECLARED.search(text)
    return _OFFSETS[said[1]] if said else None


def as_of(where: Where, dates: list[Spanned]) -> Spanned | None:
    """Return the date for which a sentence speaks («31日時点で», «as of March 3»), None where it names none."""
    for spanned in dates:
        if where.document.lang == "ja" and _STANDS_AT.match(where.folded, spanned.end):
            return spanned
        if where.document.lang == "en" and _AS_OF.search(where.folded[max(0, spanned.start - 12) : spanned.start]):
            return spanned
    return None


def events(where: Where, dates: list[Spanned]) -> Iterator[Event]:
    """Yield the dates of a sentence that are the date of some event."""
    document, text, sentence = where.document, where.folded, where.sentence
    for at, spanned in enumerate(dates):
        until = _until(text, dates, at, sentence.end)
        topic, verb, verb_end = _japanese(where, spanned, until) if document.lang == "ja" else _english(where, spanned)
        if topic is None or not topic.startswith(("time.", "duty.")):
            continue
        edtf, moment = spanned.moment.edtf, spanned.moment
        begin = max(where.clause_at(spanned.start).start, spanned.start - 60)
        near = text[begin : spanned.start] + " " + text[spanned.end : until]
        topic = _end_of(topic, spanned.moment, near, document.lang)
        if topic == "duty.deadline" and edtf.startswith("../"):
            edtf = edtf[3:]
        if topic == "time.intrusion_start" and _BACK.search(near):
            edtf = edtf.removeprefix("../")
        if (
            topic == "time.intrusion_start"
            and "/" not in edtf
            and _AT_LATEST.search(text, sentence.start, spanned.start)
        ):
            edtf, moment = f"../{edtf}", msgspec.structs.replace(moment, edtf=f"../{edtf}", earliest=None)
        if topic == "time.disclosed" and document.lang == "en":
            edtf = edtf.removeprefix("../")  # «kept it to itself until April 29»
        if topic == "time.intrusion_end" and document.lang == "en":
            edtf = edtf.removesuffix("/..")  # «the last trace of them is from 14 February»
        if topic == "time.outage_start" and edtf.startswith("../") and document.lang == "en":
            topic, edtf = "time.recovery", edtf[3:]  # «sales stay frozen until July»
        value: Value = Interval(edtf=edtf) if "/" in edtf else Date(edtf=edtf)
        clause = where.clause_at(spanned.start)
        planned = topic in _PROMISED and words(document.lang, "times", "planned").search(
            text, clause.start, max(clause.end, clause.reach)
        )
        yield Event(
            spanned.start, spanned.end, topic, value, moment, "about" if "~" in edtf else "exact",
            "planned" if planned else None, verb, verb_end,
        )  # fmt: skip


_PROMISED = ("time.recovery", "time.disclosed", "time.notified_customers", "time.notified_authority")
_AND = re.compile(r"(?:[(（][^()（）]{1,10}[)）])?(?:と|や|、|及び|および|・|,| and )")


def _until(text: str, dates: list[Spanned], at: int, end: int) -> int:
    """Return where the words that belong to a date end: at the next date that is not listed with it («8日と18日に»)."""
    while at + 1 < len(dates) and _AND.fullmatch(text, dates[at].end, dates[at + 1].start):
        at += 1
    return dates[at + 1].start if at + 1 < len(dates) else end


_AT_LATEST = re.compile(r"遅くとも$|\b(?:at the latest|no later than|at least as early as) $")
_BACK = re.compile(r"さかのぼ|遡")  # «2019年3月までさかのぼる»
_EARLIER = re.compile(r"(?:以前|より前)$|^(?:before|prior to)\b", re.I)  # it began before, nothing says when it ended
_RANGE = re.compile(r"between|\bto\b|through|until|till|から|にかけ|(?<!mid)[~〜\-/]\s*\w", re.I)


def _end_of(topic: str, moment: Moment, near: str, lang: str) -> str:
    """Return which end of an intrusion a date is, where its words or its open end tell."""
    if topic != "time.intrusion":
        return topic
    edtf = moment.edtf
    span = "/" in edtf and _RANGE.search(moment.as_text) is not None
    if lang == "en" and edtf.endswith("/..") and words(lang, "times", "finish").search(near):
        return "time.intrusion_end"
    if edtf.endswith("/..") or (not span and words(lang, "times", "start").search(near)):
        return "time.intrusion_start"
    if not span and ".." not in edtf and words(lang, "times", "enters").search(near):
        return "time.intrusion_start"
    if lang == "en" and "/" not in edtf and words(lang, "times", "finish").search(near):
        return "time.intrusion_end"
    if edtf.startswith("../") and (_BACK.search(near) or _AT_LATEST.search(near[: near.find(" ")])):
        return "time.intrusion_start"
    if edtf.startswith("../") and moment.as_text.endswith("までに"):
        return topic  # «9月2日までに侵入し»: by then, which is no end
    if edtf.startswith("../"):
        return "time.intrusion_start" if _EARLIER.search(moment.as_text) else "time.intrusion_end"
    return topic


def _latest_quoted(document: Document) -> Moment | None:
    """Return the time of the latest source that an undated document quotes: it cannot have been written before."""
    dated = [q.published for q in document.embedded if q.published is not None and q.published.earliest is not None]
    return max(dated, key=lambda moment: (str(moment.earliest), moment.edtf), default=None)


_SUBJECT = re.compile(r"(?:は|が|も|では)、?$")
_MEETING = re.compile(r"の(?:定例|閣議後)?(?:の)?(?:記者)?会見|の(?:国会|委員会|取材)")
_OF_NEWS = re.compile(r"(?:こと|もの|の)(?:が|も)$")


def _japanese(where: Where, spanned: Spanned, until: int) -> tuple[str | None, int, int]:
    text, sentence = where.folded, where.sentence
    before = text[max(sentence.start, spanned.start - 24) : spanned.start]
    for topic, pattern in times("ja", "before"):
        if pattern.search(before):
            if topic == "time.outage_start":
                topic = _stops(where, spanned, until)  # «受発注システムは12月20日に復旧した»
            return topic, spanned.start, spanned.start
    if _MEETING.match(text, spanned.end - 1 if text[spanned.end - 1] == "の" else spanned.end):
        return None, 0, 0  # the day of a press conference
    if _OF_NEWS.search(before) and words("ja", "times", "news").search(text, spanned.end, until):
        # «…ことが19日、分かった»: the day on which the paper knew, which comes out at once
        return ("time.awareness" if long_before(where.document, spanned.moment) else None), spanned.end, spanned.end
    if (before_it := turned(where, spanned)) is not None:
        return before_it
    if (received := _received(where, spanned, until)) is not None:
        return received
    found_out = words("ja", "times", "found_out").match(text, spanned.end, sentence.end)
    if found_out:
        return _found_out(text, found_out)
    told = _told_on(where, spanned, before, until)
    return told if told is not None else _verb_after(where, spanned, until)


_FROM_WHOM = re.compile(r"、?[^、。\d]{1,14}(?:から|より)、$")
_REPORTED = re.compile(r"(?:との|という|旨の)(?:ご?報告|説明|通知)(?:を|が)(?:受け|あ|ござい|いただ)")


def _received(where: Where, spanned: Spanned, until: int) -> tuple[str, int, int] | None:
    """Return awareness for the day on which a report came whose words hold days of their own («昨日、同社から、9日に…との報告»)."""
    if until >= where.sentence.end or not _FROM_WHOM.fullmatch(where.folded, spanned.end, until):
        return None
    told = _REPORTED.search(where.folded, until, where.sentence.end)
    return ("time.awareness", told.start(), told.end()) if told else None


def _stops(where: Where, spanned: Spanned, until: int) -> str:
    """Return what became of a system on a day: it was mended, somebody cut it off, or it stood still."""
    hits = [
        (hit.start(), topic)
        for topic, pattern in times("ja", "after")
        if topic in _STOPS and (hit := where.find(pattern, spanned.end, until))
    ]
    return min(hits, default=(0, "time.outage_start"))[1]


_STOPS = ("time.recovery", "time.containment")


def _told_on(where: Where, spanned: Spanned, before: str, until: int) -> tuple[str | None, int, int] | None:
    """Return the disclosure on the day that stands by the subject («A社は8日、…と発表した»), None where it is no such day."""
    text, sentence = where.folded, where.sentence
    if _SUBJECT.search(before) and text[spanned.end : spanned.end + 1] in ("、", "「", "夜", "朝"):
        first = max(spanned.end, sentence.end - 24)
        said = words("ja", "times", "announced").search(text, first, sentence.end)
        if said:  # «A社は8日、…と発表した»; who speaks without a name discloses nothing
            return (None if _nameless(where) else "time.disclosed"), said.start(), said.end()
        if words("ja", "times", "said").search(text, first, sentence.end):
            return None, 0, 0
    if _SUBJECT_AFTER.match(text, spanned.end, until) and not before:
        said = words("ja", "times", "announced").search(text, max(spanned.end, sentence.end - 24), sentence.end)
        if said:
            return "time.disclosed", said.start(), said.end()  # «6月27日、A社は…と公表しました»
    return None


def _verb_after(where: Where, spanned: Spanned, until: int) -> tuple[str | None, int, int]:
    """Return what the first fitting words after a date make it the date of."""
    text, sentence = where.folded, where.sentence
    after, cut, missing = unquoted(text, spanned.end, until, sentence.end)
    hits = [
        (hit.start(), order, topic, hit.end())
        for order, (topic, pattern) in enumerate(times("ja", "after"))
        if (hit := pattern.find(where.seen, after, 0, len(after)))
    ]
    found = min(hits, default=None)
    if found is None:
        return labelled(where, spanned)
    if (
        found[2] == "time.notified_authority"
        and after[found[0] : found[3]].startswith("から")
        and not _of_authority(where)
    ):
        return "time.awareness", spanned.end, spanned.end  # «同社から報告を受けた» said by a company
    inner = (
        found[2] == "time.detection"
        and "こと" in after[found[0] : found[3]]
        and after.startswith("に")
        and after[1:2] != "、"
    )
    if inner and words("ja", "times", "enters").search(after[found[0] : found[3]]):
        found = (
            found[0],
            found[1],
            "time.intrusion",
            found[3],
        )  # «夏ごろに侵入されたことを確認した»: the day of the inner clause
    first, last = ((at + spanned.end + (missing if at >= cut else 0)) for at in (found[0], found[3]))
    return found[2], first, last


def _found_out(text: str, match: re.Match[str]) -> tuple[str, int, int]:
    """Return what was found out on a day: how much was hit, that data left, or that there was an intrusion."""
    first, last = match.span()
    if words("ja", "times", "found_scope").search(text, first, last):
        return "time.scope_determined", first, last
    leak = words("ja", "times", "found_leak").search(text, first, last)
    return ("time.awareness" if leak else "time.detection"), first, last


def _of_authority(where: Where) -> bool:
    """Return whether the words are those of an authority, to which others report."""
    whose = where.voice.speaker if where.document.lang == "en" else where.speaker or where.voice.speaker
    return words(where.document.lang, "times", "authority").search(whose or "") is not None


def _nameless(where: Where) -> bool:
    """Return whether who is given the word has no name, or is nobody who could disclose: an attacker, the police."""
    if where.speaker is None:
        return False
    outside = words(where.document.lang, "times", "outside").search(where.speaker)
    return outside is not None or where.speaker.startswith(("anonymous:", "attacker:"))


_SUBJECT_AFTER = re.compile(r"、[^、。は]{2,30}は")


_FOUND_OUT = frozenset((
    "time.scope_determined", "time.awareness", "time.detection", "time.disclosed", "time.notified_authority",
))  # fmt: skip


def _whole_span(spanned: Spanned) -> bool:
    """Return whether a date runs from one day to another: nothing is found out or told over a span."""
    first, slash, last = spanned.moment.edtf.partition("/")
    return bool(slash) and ".." not in (first, last) and _FROM_TO.search(spanned.moment.as_text) is not None


def _inner(text: str, verb_end: int, date: int) -> bool:
    """Return whether «that» stands between a verb of finding out and a date after it."""
    return verb_end <= date and _THAT.search(text, verb_end - 12, date) is not None


_FROM_TO = re.compile(r"\b(?:between|to|through|until|till|and)\b|\d\s*-\s*\w", re.I)
_THAT = re.compile(r"\bthat\b", re.I)
_WEAK = 50  # characters that a noun stands farther than a verb
_OTHER_CLAUSE = 30
_OPENING = 12  # characters at the beginning of a sentence in which the day stands on which somebody spoke
_ANNOUNCED = 45  # characters; a word of announcing farther off announces something else than the date
_NEXT = re.compile(r"(?: and| but|;|, then|, before|, after)\s", re.I)
_NOT_YET = ("yet to ", "unable to ", "not able to ")
_NO_EVENT = re.compile(
    r"\b(?:so far|(?:largest|biggest|worst|most \w+|second|third|latest|first) [^.;,]{0,40})\s*(?:this|last) year$"
    r"|\b(?:profits?|sales|revenues?|earnings|turnover)\b[^.;]{0,20}\b(?:this|last|next) year$",
    re.I,
)
_TOLD_US = ("time.detection", "time.awareness", "time.notified_customers", "time.notified_authority", "time.disclosed")
_DATELINE = re.compile(r",?\s*(?:\([A-Z][\w .&/]+\)|[A-Z]{2,8}\b)?\s*[-–—]\s")


def _english(where: Where, spanned: Spanned) -> tuple[str | None, int, int]:
    told = _day_of_speech(where, spanned)
    if told is not None:
        return told
    text, sentence = where.folded, where.sentence
    if _NO_EVENT.search(text, max(sentence.start, spanned.start - _WEAK), spanned.end):
        return None, 0, 0  # «so far this year»
    found_when = words("en", "times", "found_when").match(text, spanned.end, sentence.end)
    if found_when:
        return "time.detection", found_when.end(), found_when.end()  # «on 24 January, when staff discovered…»
    return _nearest(where, spanned)


def _day_of_speech(where: Where, spanned: Spanned) -> tuple[str | None, int, int] | None:
    """Return what a date is that tells when somebody spoke: a disclosure or nothing; None where it tells something else."""
    text, sentence = where.folded, where.sentence
    if words("en", "times", "said").search(text[max(sentence.start, spanned.start - 60) : spanned.start]):
        passive = words("en", "times", "told_passive").search(
            text[max(sentence.start, spanned.start - 60) : spanned.start]
        )
        unnamed = (where.speaker is None and not passive) or _nameless(where)
        return (None if unnamed else "time.disclosed"), spanned.start, spanned.start
    city = text[sentence.start : spanned.start].rstrip(" ,.")
    if _DATELINE.match(text, spanned.end) and (not city or city.isupper()):
        return None, 0, 0
    if spanned.start - sentence.start < _OPENING:
        told = words("en", "times", "admits").search(text, spanned.end, min(sentence.end, spanned.end + 80))
        if told and where.speaker is not None and not _nameless(where):
            return "time.disclosed", told.start(), told.end()  # «Tonight the hotel chain Grand Solent admitted that…»
    opening = spanned.start - sentence.start < _OPENING
    spoke = words("en", "times", "spoke").match(text, spanned.end) or (
        words("en", "times", "spoke_then").match(text, spanned.end) if opening else None
    )
    if spoke:
        made_known = words("en", "times", "made_known").search(spoke.group()) and where.speaker is not None
        return ("time.disclosed" if made_known else None), spoke.start(), spoke.end()
    return None


def _nearest(where: Where, spanned: Spanned) -> tuple[str | None, int, int]:
    """Return what the nearest fitting words make a date the date of."""
    text, sentence = where.folded, where.sentence
    near = []
    first, last = max(sentence.start, spanned.start - _REACH), min(sentence.end, spanned.end + _REACH)
    own = where.clause_at(spanned.start)
    span = _whole_span(spanned)
    for order, (topic, pattern, weak) in enumerate(
        [*((*row, 0) for row in times("en", "near")), *((*row, _WEAK) for row in times("en", "weak"))]
    ):
        if not where.seen & pattern.flags:
            continue
        for hit in pattern.all(where.seen, text, first, last):
            if topic in _FOUND_OUT and (span or _inner(text, hit.end(), spanned.start)):
                continue  # «determined that between May and June…»: the date is that of what was found out
            if topic == "time.recovery" and text.endswith(_NOT_YET, first, hit.start()):
                continue  # «has yet to resume»
            distance = spanned.start - hit.end() if hit.end() <= spanned.start else (hit.start() - spanned.end) * 2
            if hit.start() >= spanned.end and _NEXT.search(text, spanned.end, hit.start()):
                distance += _OTHER_CLAUSE  # «on April 3 and began mailing…»
            if topic == "time.disclosed" and distance > _ANNOUNCED:
                continue
            outside = 0 if own.start <= hit.start() < own.end else _OTHER_CLAUSE
            near.append((distance + weak + outside, order, topic, hit.start()))
    found = min(near, default=None)
    if found is None:
        return None, 0, 0
    told_us = words("en", "times", "to_us").find(where.seen, text, found[3], last) if found[2] in _TOLD_US else None
    if told_us and told_us.start() - found[3] < _OPENING * 2 and _of_authority(where):
        return "time.notified_authority", found[3], found[3]
    return found[2], found[3], found[3]
