"""Counts and amounts: 約2万8千点, 2.7万, 25万4,241, 2万~3万件, 145.5 million, up to 3,000, 2 to 3 million."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from keii.claims.anchors import Cue
from keii.claims.lexicon import Unit, any_unit, money, qualifiers, scopes, sizes, units, words
from keii.claims.numbers import COMPOUND, ENGLISH_WORDS, ONE, english_number, japanese_number, plain
from keii.claims.wholes import LEAST, goes_on, is_background, is_part, of_those_hit, were_hit
from keii.model import Number

_OF_WHOM_MORE = re.compile(r"[^\d.;]{0,60}\bof (?:whom|which)\b", re.IGNORECASE)
_JA_NUMBER = r"[\d〇一二三四五六七八九十百千][\d,〇一二三四五六七八九十百千万億兆]{0,24}(?:\.\d{1,6}[万億兆千]?)?"
_JA = re.compile(
    rf"(?<![\d.,A-Za-z第])(?:(?P<low>{_JA_NUMBER})(?:件|人|点|台|社)?(?:~|から|ないし|-))?(?P<n>{_JA_NUMBER})"
)
_EN_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12}(?:\.\d{1,6})?)"
_EN_SCALE = r"(?:(?:[kKMB]|[bmt]n)\b|\s?(?:hundred|thousand|million|billion)\b)"
_EN = re.compile(
    rf"(?<![\w.$€£¥/:])(?:(?P<low>{_EN_NUMBER})(?P<ls>{_EN_SCALE})?\s*(?:-|to|and)\s*)?"
    rf"(?P<n>{_EN_NUMBER}|{COMPOUND}|(?:three[- ]quarters|quarter) of a(?= million)|{'|'.join(ENGLISH_WORDS)}|half a(?= million)|{ONE})(?P<s>{_EN_SCALE})?(?![\d/:]|\s*(?:%|percent\b|per cent\b))",
    re.I,
)
_MONEY = re.compile(
    rf"(?:(?P<lc>[$€£¥])(?P<low>{_EN_NUMBER})(?P<ls>{_EN_SCALE})?\s*(?P<join>-|to|and)\s*)?(?P<c>[$€£¥])(?P<n>{_EN_NUMBER})(?P<s>{_EN_SCALE})?",
    re.I,
)
_CURRENCY = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_NEAR = 90  # characters from a number to the word that tells what it counts
_NUMBER_OF = re.compile(r"\b(?:number|total) of(?=\s)", re.I)
# «the number of those affected at 9.8 million»: people, where nothing else is named.
_THOSE_HIT = re.compile(
    r"\b(?:number|total|count|tally) (?:of )?(?:those|people|victims) (?:\w+ ){0,2}(?:affected|impacted|hit|caught up|involved|exposed)?\s*(?:at|to|is|was|stood at|stands at|now)\s+(?:\w+ ){0,2}$",
    re.I,
)
_AGAIN = re.compile(
    r"\b(?:total of|totall?ing|(?:up|down) from(?: an?| the)?(?: (?:earlier|initial|first|previous|original|preliminary))?(?: (?:estimate|figure|count|number|total) of)?|increased to|rose to|revised to|brings? (?:it|that) to|now|then|later)\s+(?:\w+\s+){0,2}$",
    re.I,
)
_ASKED = re.compile(
    r"(?:(?:問い合わせ|相談|通報|苦情|申告)(?:が|は|を|も)?|(?:被害|不正利用|事案|事例|攻撃)(?:は|が)[^、。\d]{0,8})(?:約|およそ|計)?$"
)
_BY_THEMSELVES = frozenset((  # counted in a report of a breach: few other things have any
    "affected.accounts", "affected.emails", "data.volume",
))  # fmt: skip
_THESE = re.compile(r"\s+of (?:these|those|them)\b", re.I)
_FIGURE = re.compile(
    r"\b(?:(?:its|the|that|true|final|earlier|first|new) (?:\w+ )?(?:figures?|numbers?|totals?|counts?|tally|estimates?|toll|placeholder)|it now|spoken|spoke|talked|(?:correct|revis|rais|updat|lower|reduc|increas)(?:ed|ing) (?:this|it|that))\b[^.;\d]{0,24}\b(?:of|to|at|is|was|as|than)\s+$",
    re.I,
)
_GOES_ON = re.compile(
    r"\bof (?:these|those|them)\b|\b(?:figures?|numbers?|totals?|counts?|tally|estimates?|toll|placeholder)\b|\bit now\b|\bspoken? of\b|\btalked of\b|\b(?:corrected|revised|raised|updated|lowered|reduced|increased) (?:this|it|that)\b",
    re.I,
)
_OF_WHICH = re.compile(r"(?:この|その)?うち(?:の|、)?(?:約|およそ|計)?$")
_SUM = re.compile(
    r"\b(?:total(?:s|led|ed)?|number(?:s|ed)?|amount(?:s|ed)? to|c[ao]mes? to|reach(?:es|ed)?)\s+(?:[\w]+ ){0,2}$", re.I
)
_OUT_OF = re.compile(r"(?:の)?(?:うち|中(?:で|の))")
_OF_THOSE = re.compile(r"\bof (?:those|these|them)\b[^.;\d]{0,20}$", re.I)  # people, told of before
_ALL = re.compile(
    r"(?:会員|登録|契約|加入|利用者|顧客|全国|全体|保有する|管理する|扱う|全|パソコン|端末|サーバー?)[^、。]{0,6}$"
)
_HIT = re.compile(r"感染|侵入|侵害|被害|流出|漏え|漏洩|暗号化|盗")
# «The paper reviewed 14 of the files», «two of the sample rows»: what somebody looked at, not what was hit.
_LOOKED_AT = re.compile(r"\b(?:reviewed|seen|saw|examined|verified|viewed|looked at|inspected)\b[^.;\d]{0,14}$", re.I)
_SAMPLE = re.compile(r" (?:of the )?samples?\b", re.I)
_MISUSED = re.compile(
    r"件(?:前後|ほど|程度|以上|超)?(?:で|の|(?:、|と)総額[^、。]{0,16}の)(?:[^、。]{0,4})?(?:不正利用|悪用|不正な利用)"
)
_INCOME = re.compile(
    r"\b(?:revenues?|sales|turnover|income|profits?|budget|earnings|market value|assets) (?:of|at) (?:\w+ ){0,2}$", re.I
)  # how large a company is
_BETWEEN = re.compile(r"between\s+$", re.I)


class Counted(msgspec.Struct, frozen=True):
    """A number with its unit and where it stands, qualifiers included."""

    start: int
    end: int
    topic: str
    value: Number
    approximation: str
    scope: str | None


def counted(
    folded: str, start: int, end: int, lang: str, *, listed: bool = False, seen: int = -1, told: str | None = None
) -> Iterator[Counted]:
    """Yield the counts of a sentence that speaks of a breach; ``folded`` has narrow digits and the same offsets.

    Args:
        folded: the text; ``start`` and ``end`` bound the sentence.
        start: first character.
        end: end, exclusive.
        lang: ``ja`` or ``en``.
        listed: the sentence is an item of a list whose lead-in speaks of a breach.
        seen: bits of the expressions that can fit in the sentence.
        told: the topic of the count before, for «of these, 35» and «the figure now stands at 121,400».
    """
    told_of = (
        listed
        or (told and _GOES_ON.search(folded, start, end))
        or words(lang, "quantities", "about").find(seen, folded, start, end)
    )
    if not told_of and lang == "ja":
        return
    if lang == "en" and told_of:
        yield from _money(folded, start, end)
    if words(lang, "quantities", "without_service").find(seen, folded, start, end):
        return
    found = (_japanese if lang == "ja" else _english)(folded, start, end, told)
    yield from found if told_of else (one for one in found if one.topic in _BY_THEMSELVES)


def _japanese(folded: str, start: int, end: int, told: str | None) -> Iterator[Counted]:
    for match in _JA.finditer(folded, start, end):
        high = japanese_number(match["n"])
        if high is None or _of_events(folded, match, start, end):
            continue
        if (
            match["low"]
            and _GREW.match(folded, match.end(), end)
            and (was := _JA.match(folded, match.start(), match.end("low")))
        ):
            before = japanese_number(was["n"])
            unit = _unit(folded, was, end, start, "ja", before) if before is not None else None
            if unit is not None and before is not None:  # «18台から64台に膨らんだ»: two figures, no range
                yield _count(folded, was, unit, start, end, "ja", before)
            match = _JA.match(folded, match.start("n"), end) or match
        unit = _unit(folded, match, end, start, "ja", high)
        if told and unit is not None and _OF_WHICH.search(folded, max(start, match.start() - 8), match.start()):
            unit = _same_again(folded, match.end(), told) or unit
        if unit is not None and not _of_all(folded, match, unit[1], start, "ja"):
            yield _count(folded, match, unit, start, end, "ja", high)


_GREW = re.compile(
    r"(?:[^\s、。\d]{1,3})?(?:に|へ|まで)(?:と)?(?:[^、。\d]{0,8})?(?:増|膨|ふく|拡大|広が|上方|修正|訂正|改め|減|変更|上振れ|なっ|積み上)"
)


def _english(folded: str, start: int, end: int, told: str | None) -> Iterator[Counted]:
    last: Unit | None = None
    pending: re.Match[str] | None = None
    for match in _EN.finditer(folded, start, end):
        high = english_number(match["n"], match["s"])
        if high is None:
            continue
        unit = _unit(folded, match, end, start, "en", high)
        if told and (unit is None or _THESE.match(folded, match.end(), end)):
            unit = _told_before(folded, match, start, end, told)
        if unit is not None and is_background(folded, match, unit, start, end):
            last = unit[0]
            continue
        unit = unit or _as_before(folded, match, start, end, last, high)
        if unit is None:
            pending = match if goes_on(folded, match, end) else pending
            continue
        if pending is not None:
            first = english_number(pending["n"], pending["s"]) or 0
            yield _count(folded, pending, (unit[0], pending.end()), start, end, "en", first)
            pending = None
        last = unit[0]
        if unit[0].unit != "person" or not match["n"].isalpha() or match["s"]:
            yield _count(folded, match, unit, start, end, "en", high)


def _as_before(
    text: str, match: re.Match[str], start: int, end: int, last: Unit | None, number: float
) -> tuple[Unit, int] | None:
    """Return the unit of the number before in the sentence for one that is a part of it, or follows on it."""
    if last is not None and _THESE.match(text, match.end(), end):
        return last, match.end()
    if number >= LEAST and (were_hit(text, match, end) or of_those_hit(text, match, start, end)):
        row = last or next(row for row in units("en") if row.unit == "person")
        return row, match.end()
    follows = last is not None and (
        is_part(text, match, start, end) or _AGAIN.search(text, max(start, match.start() - 40), match.start())
    )
    return (last, match.end()) if last is not None and follows else None


def _told_before(text: str, match: re.Match[str], start: int, end: int, topic: str) -> tuple[Unit, int] | None:
    """Return the unit of the count before for a number that goes on with it."""
    before = _OF_THOSE.search(text, max(start, match.start() - 40), match.start())
    if (
        before
        or _THESE.match(text, match.end(), end)
        or _FIGURE.search(text, max(start, match.start() - 60), match.start())
    ):
        return next(((row, match.end()) for row in units("en") if row.topic == topic), None)
    return None


def _same_again(text: str, at: int, topic: str) -> tuple[Unit, int] | None:
    """Return the unit of the count before for «このうち93件», if its word fits."""
    fits = ((row, row.words.match(text, at)) for row in units("ja") if row.topic == topic)
    return next(((row, hit.end()) for row, hit in fits if hit is not None), None)


def _of_all(text: str, match: re.Match[str], stop: int, start: int, lang: str) -> bool:
    """Return whether a number is all that there are, out of which some were hit («会員460万人のうち»)."""
    if lang != "ja" or not _OUT_OF.match(text, stop):
        return False
    before = max(start, match.start() - 14), match.start()
    return _ALL.search(text, *before) is not None and _HIT.search(text, *before) is None


def _of_events(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Return whether a number counts what happened, not what was hit: «問い合わせが45件», «不正利用の被害は14件»."""
    asked = _ASKED.search(text, max(start, match.start() - 12), match.start())
    if _LOOKED_AT.search(text, max(start, match.start() - 24), match.start()) or _SAMPLE.match(text, match.end(), end):
        return True
    return asked is not None or _MISUSED.match(text, match.end(), end) is not None


def _count(
    text: str, match: re.Match[str], unit: tuple[Unit, int], start: int, end: int, lang: str, high: float
) -> Counted:
    row, stop = unit
    low = _low(text, match, high, lang)
    begin = match.start() if low is not None or not match["low"] else match.start("n")
    first, before = _before(text, begin, start, lang)
    last, after = _after(text, match.end(), stop, end, lang)
    name, scale = sizes().get(text[match.end() : stop].strip("+- ").upper(), (row.unit, 1))
    value = (
        Number(num=plain(high * scale), unit=name)
        if low is None
        else Number(num=plain(low * scale), unit=name, high=plain(high * scale))
    )
    approximation = "+".join(dict.fromkeys([*before, *after])) or "exact"
    whole = _OF_WHOM_MORE.match(text, last, end) is not None  # «53,118 people, of whom 1,206 …»: the part is the other
    scope = next(
        (
            key
            for key, pattern in scopes(lang)
            if not (whole and key == "part") and pattern.search(text, max(start, first - 24), min(end, last + 60))
        ),
        None,
    )
    return Counted(first, max(stop, last), row.topic, value, approximation, scope)


def _low(text: str, match: re.Match[str], high: float, lang: str) -> int | float | None:
    """Return the lower end of a range, None where the number stands alone."""
    if not match["low"]:
        return None
    if lang == "ja":
        low = japanese_number(match["low"])
        if low is not None and match["low"][-1] not in "万億兆千百" and high >= 10_000 > low * 10:
            low = low * (10_000 if match["n"].endswith("万") else 1)
    else:
        joined = text[match.start() : match.start("n")]
        if " and" in joined and not _BETWEEN.search(text, max(0, match.start() - 9), match.start()):
            return None
        low = english_number(match["low"], match["ls"] or ("" if "," in match["low"] else match["s"]))
    return low if low is not None and low < high else None


def _money(text: str, start: int, end: int) -> Iterator[Counted]:
    """Yield amounts of money of an English sentence that speaks of a ransom or of cost."""
    for match in _MONEY.finditer(text, start, end):
        far = (
            (_distance(near, text, match.start(), match.end(), start, end), name)
            for name, near, needed in money()
            if needed is None or needed.search(text, start, end)
        )
        topic = min(((at, name) for at, name in far if at is not None), default=(0, None))[1]
        value = english_number(match["n"], match["s"])
        if topic is not None and value is not None and not _INCOME.search(text, start, match.start()):
            first, before = _before(text, match.start(), start, "en")
            low = (
                english_number(match["low"], match["ls"] or ("" if "," in match["low"] else match["s"]))
                if match["low"]
                else None
            )
            ranged = (
                low is not None
                and low < value
                and (match["join"] != "and" or _BETWEEN.search(text, start, match.start()))
            )
            unit = _CURRENCY[match["c"]]
            if low is not None and not ranged:  # «$4 million and $11 million»: two amounts
                yield Counted(match.start(), match.end("low"), topic, Number(num=low, unit=unit), "exact", None)
            number = (
                Number(num=low, unit=unit, high=value) if ranged and low is not None else Number(num=value, unit=unit)
            )
            yield Counted(first, match.end(), topic, number, "+".join(before) or "exact", None)


_GAP_JA = re.compile(r"(?:以上|超|余り|余|程度|ほど|弱|近く)?(?:の|を超える|超える)?")


def _unit(text: str, match: re.Match[str], end: int, start: int, lang: str, number: float) -> tuple[Unit, int] | None:
    """Return the unit of a number and where its word ends: of words that count many things, by the nearest thing."""
    at = match.end()
    best: tuple[int, int, Unit, int] | None = None
    gap = _GAP_JA.match(text, at) if lang == "ja" else None
    behind = gap.end() if gap and gap.end() > at else None
    if lang == "ja" and not any_unit().match(text, at, end) and not (behind and any_unit().match(text, behind)):
        return None
    for order, row in enumerate(units(lang)):
        if number < row.least:
            continue
        hit = row.words.match(text, at, min(end, at + 80))
        if hit is None and behind is not None:
            hit = row.words.match(text, behind)
        if hit is None:
            continue
        far = 0 if row.nearby is None else _distance(row.nearby, text, match.start(), hit.end(), start, end)
        if far is None or (row.within is not None and far > row.within):
            continue
        rank = (hit.start("w") - at if lang == "en" else 0) * 4 + (
            far if row.nearby is not None else _NEAR - 1 if lang == "ja" and row.least else 0
        )
        if best is None or (rank, order) < best[:2]:
            best = (rank, order, row, hit.end())
    if best is None and lang == "en" and (match["s"] or "," in match["n"]):
        return _counted_before(text, match.start(), match.end(), start)
    return (best[2], best[3]) if best else None


def _counted_before(text: str, first: int, stop: int, start: int) -> tuple[Unit, int] | None:
    """Return the unit that stands before its number: «the number of people affected to more than 53 million»."""
    before = _NUMBER_OF.search(text, max(start, first - _NEAR), first)
    if _THOSE_HIT.search(text, max(start, first - _NEAR), first):
        return next(((row, stop) for row in units("en") if row.topic == "affected.persons"), None)
    if before is None:
        return _subject_of(text, first, stop, start)
    return next(((row, stop) for row in units("en") if row.words.match(text, before.end())), None)


def _subject_of(text: str, first: int, stop: int, start: int) -> tuple[Unit, int] | None:
    """Return the unit that is the subject of a sum: «Files that may have been viewed total up to 2,841»."""
    sum_of = _SUM.search(text, max(start, first - 24), first)
    if sum_of is None:
        return None
    lead = text[start : sum_of.start()]
    found = [(hit.start(), row) for row in units("en") for hit in row.words.finditer(" " + lead)]
    return (max(found, key=lambda one: one[0])[1], stop) if found else None


def _distance(near: Cue, text: str, first: int, stop: int, start: int, end: int) -> int | None:
    """Return how many characters from a number the nearest of some words stands, None beyond reach."""
    after = near.search(text, stop, min(end, stop + _NEAR))
    before: re.Match[str] | None = None
    for hit in near.finditer(text, max(start, first - _NEAR), min(first + 1, end)):  # a word may ask for the digit
        before = hit if hit.end() <= first else before
    found = [
        far
        for far in (after.start() - stop if after else None, first - before.end() if before else None)
        if far is not None
    ]
    return min(found, default=None)


def _before(text: str, at: int, start: int, lang: str) -> tuple[int, list[str]]:
    """Return where the qualifiers before a number begin, and which they are, in order."""
    names: list[str] = []
    for _ in range(2):
        for name, pattern in qualifiers(lang, "before"):
            hit = pattern.search(text, max(start, at - 20), at)
            if hit and (lang == "ja" or hit.start() == 0 or not text[hit.start() - 1].isalnum()):
                at, names = hit.start(), [name, *names]
                break
        else:
            break
    return at, names


def _after(text: str, at: int, stop: int, end: int, lang: str) -> tuple[int, list[str]]:
    names, last = [], stop
    for name, pattern in qualifiers(lang, "after"):
        inner = pattern.match(text, at)
        outer = pattern.match(text, stop, end)
        if inner or outer:
            names.append(name)
            last = max(last, outer.end() if outer else stop)
            break
    return last, names
