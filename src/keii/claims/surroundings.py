"""What a sentence takes from its surroundings: the date it stands under, a lead-in, page furniture, its subject only."""

from __future__ import annotations

import re

import msgspec

from keii.claims.events import events
from keii.claims.lexicon import states, words
from keii.claims.places import Where
from keii.model import Claim, Document
from keii.moments import Spanned

_LIST = 1_200  # characters from a lead-in to the last item that takes over its hedge
_MARKS = re.compile(
    r"[\s　・●○◆■\-–*().:：、,|【】<>〔〕（）月火水木金土日付]|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|\d{1,2}(?::\d\d)?\s*[ap]\.?m\.?",
    re.I,
)
_PART_OF_DAY = re.compile(
    r"未明|早朝|朝|午前|昼|午後|夕方?|夜|深夜|頃|ごろ|から|まで|早く|morning|afternoon|evening|night|early|late"
)
_FIRST = 30  # characters in which a document names whom it is about
_TOP = 160  # characters at the top of a document in which a date is that of its publication
_HEAD = 600  # characters at the head of a statement in which the line of its date stands
_OWN_WORDS = ("statement", "government")
_DATE_LINE = re.compile(
    r"[\s:,.|–-]*(?:(?:date|dated|published|posted|issued|released|statement|press release|notice|on|of)\b[\s:,.|–-]*){0,3}",
    re.I,
)
_BARE = 3  # characters beside a date that stands alone
_SHORT = 60  # characters; a line up to this long without a full stop is an item
_NOUN = re.compile(r"[一-龥ァ-ヶー）)]。")  # a line that is a list of nouns, with a stop
_REACH = 200  # characters at the end of a sentence in which it announces a list


class Lead(msgspec.Struct):
    """What a lead-in («以下の情報が漏えいした可能性があります。», «the following information was taken:») hands to its list."""

    within: str | None
    modality: str
    items: bool
    end: int


def skipped(where: Where, *, skipping: bool) -> bool:
    """Return whether a line is page furniture: «関連記事», «Read more» and the headlines under them."""
    text, sentence = where.folded, where.sentence
    line = text[sentence.start : min(sentence.end, sentence.start + _SHORT * 2)]
    if words(where.document.lang, "states", "furniture").match(line):
        return True
    return skipping and len(line) < _SHORT * 2 and text[sentence.end - 1] not in "。.!?"


def still(lead: Lead | None, where: Where) -> Lead | None:
    """Return the lead-in that a sentence stands under, None where it stands for itself."""
    if lead is None or lead.within != where.voice.within or where.sentence.start - lead.end > _LIST:
        return None
    key = "item" if lead.items else "goes_on"
    text, sentence = where.folded, where.sentence
    if words(where.document.lang, "states", key).match(text[sentence.start : sentence.start + 80]):
        return lead
    noun = text[sentence.end - 1] not in "。." or _NOUN.fullmatch(text, sentence.end - 2, sentence.end)
    return lead if lead.items and sentence.end - sentence.start < _SHORT and noun else None


def lead_of(where: Where, own: list[Claim], before: Lead | None) -> Lead | None:
    """Return what a sentence hands to the next ones: its hedge about data, people or a leak."""
    lang, text, sentence = where.document.lang, where.folded, where.sentence
    if before is not None and before.items:
        return msgspec.structs.replace(before, end=sentence.end)
    told = [claim for claim in own if claim.topic.startswith(("leak.", "affected.", "data."))]
    hedges = [claim.modality for claim in told if claim.modality != "certain" and claim.polarity == "affirmed"]
    line = text[max(sentence.start, sentence.end - _REACH) : sentence.end]
    if words(lang, "states", "lead_in").search(line):
        hedge = next((name for name, pattern in states(lang, "modality") if pattern.search(line)), "certain")
        return Lead(where.voice.within, hedges[0] if hedges else hedge, items=True, end=sentence.end)
    if hedges:
        return Lead(where.voice.within, hedges[0], items=False, end=sentence.end)
    return msgspec.structs.replace(before, end=sentence.end) if before is not None else None


class Heading(msgspec.Struct, frozen=True):
    """A date that stands alone on a line, or begins one: the date of what follows."""

    date: Spanned
    paragraph: int
    alone: bool


def heading_of(where: Where, dates: list[Spanned], before: Heading | None) -> Heading | None:
    """Return the date under which a sentence and the next ones stand."""
    sentence = where.sentence
    if not dates:
        return before
    first = dates[0]
    if _is_own(where.document, first):
        return before  # the day on which the document itself was written
    bare = where.folded[sentence.start : first.start] + where.folded[first.end : sentence.end]
    if not _PART_OF_DAY.sub("", _MARKS.sub("", bare)):
        if any(True for _ in events(where, dates)):
            return None  # «検知 2022年6月28日» tells its own event
        return Heading(first, sentence.paragraph, alone=True)
    lead = where.folded[sentence.paragraph : first.start]
    if sentence.start - sentence.paragraph <= _BARE and len(_MARKS.sub("", lead)) == 0:
        return Heading(first, sentence.paragraph, alone=False)
    return None


def dated(where: Where, dates: list[Spanned]) -> Spanned | None:
    """Return the date of a line of a statement that tells no more than when it was published: then it was disclosed."""
    document, sentence = where.document, where.sentence
    if document.lang != "en" or document.kind not in _OWN_WORDS or len(dates) != 1 or document.published is None:
        return None
    first = dates[0]
    label = where.folded[sentence.start : first.start] + where.folded[first.end : sentence.end]
    own = first.moment.edtf[:10] == document.published.edtf[:10] and sentence.start < _HEAD
    return first if own and _DATE_LINE.fullmatch(label) else None


def _is_own(document: Document, spanned: Spanned) -> bool:
    """Return whether a date is that of a publication, the document's own or a quoted one's; so is one at the very top."""
    quoted = (moment for one in document.embedded for moment in (one.published, one.updated))
    days = {moment.edtf[:10] for moment in (document.published, document.updated, *quoted) if moment is not None}
    return spanned.start < _TOP or spanned.moment.edtf[:10] in days


def under(where: Where, heading: Heading | None) -> list[Spanned]:
    """Return the date of a sentence without one that stands under a date, as one of no width at its beginning."""
    if heading is None:
        return []
    start = where.sentence.start
    near = where.sentence.paragraph == heading.paragraph or (heading.alone and start - heading.date.end < _LIST // 2)
    return [Spanned(start, start, heading.date.moment)] if near else []


def says_nothing(where: Where, dates: list[Spanned]) -> str | None:
    """Return ``subject`` for a line that only names one («2. 情報流出について»), ``nothing`` for a log of changes and the like."""
    lang, text, sentence = where.document.lang, where.folded, where.sentence
    if where.find(words(lang, "states", "boilerplate"), sentence.start, sentence.end):
        return "nothing"
    if sentence.end - sentence.start > _SHORT * 2 or sentence.start != sentence.paragraph:
        return None
    if words(lang, "states", "changes").match(text, sentence.start, sentence.end):
        return "nothing"
    subject = not dates and words(lang, "states", "heading").match(text, sentence.start, sentence.end) is not None
    return "subject" if subject else None


def another(where: Where) -> bool:
    """Return whether a sentence tells of an organisation that the document names here for the first time, in passing."""
    lang, text, sentence = where.document.lang, where.document.text, where.sentence
    for hit in words(lang, "states", "another").all(where.seen, where.folded, sentence.start, sentence.end):
        name = hit[1].strip()
        known = text.find(name, 0, sentence.start) >= 0
        if sentence.start > _FIRST and not known and not words(lang, "states", "own_parts").search(name):
            return True
    return False
