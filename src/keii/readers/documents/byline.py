"""The times that the visible text of a document gives for itself: its byline, its dateline, the date at its foot."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import msgspec

from keii.data import load
from keii.model import Moment, RejectedDate
from keii.readers.documents.time_forms import WEEKDAY
from keii.readers.documents.times import Found, find_times, fold, month_alone, with_order

_COPYRIGHT = "a copyright line"
HEAD_LINES = 14  # non-blank lines from the top in which a byline is looked for
_TAIL_LINES = 6
_LATER_REPORT = re.compile(r"第[2-9２-９二三四五六七八九]報|続報|最終報")
_FEW = 6  # characters beside a time that are no title
_LONGEST = 240  # characters; a longer line is running text
_SIDE = " \u3000:：|｜-–—・/／•·[]【】()（）<>＜＞〔〕,、=＝"
_TRAILING = re.compile(rf"(?:\s*\b(?:on|at|by)\b|\s*{WEEKDAY}\s*,?|\s*[（(]?[月火水木金土日][)）]?|\s*[:：,は])+$")
# DATELINE, Jan. 30, 2020 /Wire/ -- the words of a release; the place stands in capitals.
_DATELINE = re.compile(r"\s*[A-Z][A-Z.'’ ,-]{2,40}(?:,\s*[A-Z][\w. ]{1,25}){0,3}\s*[,(–—-]\s*")
# «(5月22日 16:00現在)»: up to when a notice tells, which is its day only where it names no other.
_AS_OF = re.compile(r"\s*(?:現在|時点)")
_DASH = re.compile(r"\s*[^.]{0,60}?(?:--|—|–|\s-\s|:)")


class Byline(msgspec.Struct, frozen=True):
    """Times that the visible text gives for itself, and those it gives for something else.

    Attributes:
        published, updated: None where the text tells none.
        labelled: whether a word (公開, Published) says that it is the publication.
        rejected: the other times of head and foot, with the reason.
    """

    published: Moment | None = None
    updated: Moment | None = None
    labelled: bool = False
    rejected: tuple[RejectedDate, ...] = ()


class _Seen(msgspec.Struct):
    published: Moment | None = None
    updated: Moment | None = None
    bare: Moment | None = None
    later: bool = False  # the text calls itself a later report («【第二報】»)
    beside: bool = False  # other words stood beside the bare one
    dateline: Moment | None = None
    foot: Moment | None = None
    month: Moment | None = None
    as_of: Moment | None = None
    rejected: list[RejectedDate] = msgspec.field(default_factory=list)


def first_lines(text: str) -> list[tuple[int, str]]:
    """Return the first non-blank lines of a text with their offsets."""
    found, at = [], 0
    for line in text[:8_000].split("\n"):
        if line.strip():
            found.append((at, line))
        at += len(line) + 1
        if len(found) >= HEAD_LINES:
            break
    return found


def read_byline(text: str, lang: str, quoted: Sequence[tuple[int, int]] = ()) -> Byline:
    """Return the times of head and foot, none of ``quoted``: a labelled one first, then one that stands alone."""
    seen = _Seen()
    lang = with_order(text, lang)
    head = first_lines(text)
    seen.later = any(_LATER_REPORT.search(line) and not find_times(line, lang) for _, line in head[:5])
    before = ""
    printed = _print_header(head, lang)
    if printed is not None:
        seen.rejected.append(printed)
        head = head[1:]
    for at, line in head:
        if _lists_others(line):
            break
        if not any(start <= at < end for start, end in quoted):
            _read_line(line, before, lang, seen)
        before = line
    end = head[-1][0] + len(head[-1][1]) if head else 0
    before = ""
    tail = [words for words in text[max(end, len(text) - 2_000) :].split("\n") if words.strip()]
    listed = next((at for at, words in enumerate(tail) if _lists_others(words)), len(tail))
    for line in tail[:listed][-_TAIL_LINES:]:
        _read_foot(line, before, lang, seen)
        before = line
    published = seen.published
    if published is not None and seen.bare is not None and _same_day_finer(seen.bare, published):
        published = seen.bare
    if seen.dateline is not None and seen.bare is not None and _is_masthead(seen.bare, seen.dateline):
        seen.rejected.append(
            RejectedDate(
                as_text=seen.bare.as_text,
                place="line",
                reason="a later day than the dateline's, as a masthead prints it",
            )
        )
        seen.bare = None
    return Byline(
        published or seen.bare or seen.dateline or seen.foot or seen.month or seen.as_of, seen.updated, seen.published is not None,
        tuple(seen.rejected),
    )  # fmt: skip


def _print_header(head: list[tuple[int, str]], lang: str) -> RejectedDate | None:
    """Return the day of printing where a browser's header opens the text: a clock, then the title that follows below."""
    if len(head) < 3 or not (times := find_times(head[0][1], lang)) or times[0].start > 1:
        return None
    title = head[0][1][times[0].end :].strip(_SIDE)
    again = any(len(line.strip()) >= 6 and title.startswith(line.strip()) for _, line in head[1:])
    if len(title) < 8 or "T" not in times[0].moment.edtf or not again:
        return None
    if not any(find_times(line, lang) for _, line in head[1:]):
        return None
    return RejectedDate(as_text=times[0].moment.as_text, place="print header", reason="the day the page was printed")


def _lists_others(line: str) -> bool:
    """Return whether other stories are listed from a line on."""
    return len(line) < 40 and any(word in line for word in _cues()["more"])


def _cues() -> dict[str, list[str]]:
    found: dict[str, list[str]] = load("documents/cues")
    return found


def _read_line(line: str, before: str, lang: str, seen: _Seen) -> None:
    if len(line) > _LONGEST:
        seen.dateline = seen.dateline or _dateline(line, lang)
        return
    times = find_times(line, lang)
    if times and times[0].moment.edtf[:4].isdigit():
        # The second time of a line is often written without its year: (最終更新: 2/1 0:15).
        fuller = find_times(line, lang, int(times[0].moment.edtf[:4]))
        times = fuller if all(_later(times[0], one) for one in fuller) else times
    known = seen.published or seen.bare
    if not times and known is not None and known.edtf[:4].isdigit():
        # «(最終更新 8月18日 9時30分)» on a line below the byline: its year is that of the byline.
        later = find_times(line, lang, int(known.edtf[:4]))
        times = later if len(later) == 1 and _says(line[: later[0].start], _cues()["updated"]) else times
    seen.month = seen.month or (None if times else month_alone(line, lang))
    for number, found in enumerate(times):
        label = _label(line, before, times, number)
        refused = _refused(line, label, before)
        if refused == _COPYRIGHT and "T" in found.moment.edtf:
            refused = ""  # «10:32 (JST) ©通信社»: a minute is that of a story, its credit stands beside it
        if refused:
            seen.rejected.append(
                RejectedDate(as_text=found.moment.as_text, place=f"line: {line.strip()[:60]}", reason=refused)
            )
        elif _AS_OF.match(line, found.end) or _of_something_earlier(label, seen):
            seen.as_of = seen.as_of or found.moment
        elif _says(label, _cues()["updated"]):
            seen.updated = seen.updated or found.moment
        elif _says(label, _cues()["published"]):
            seen.published = seen.published or found.moment
        elif _stands_alone(line, times):
            _take_bare(found, number, times, seen, _words_beside(line, times))
        elif number == 0:
            seen.dateline = seen.dateline or _dateline(line, lang)


def _of_something_earlier(label: str, seen: _Seen) -> bool:
    """Return whether a label names the earliest event of a form, or the first report where this is a later one."""
    words = _cues()["earliest"] + (_cues()["first_report"] if seen.later else [])
    return any(word in label.lower() for word in words)


def _later(first: Found, other: Found) -> bool:
    start, after = first.moment.earliest, other.moment.earliest
    return start is None or after is None or after >= start or other.start <= first.start


def _words_beside(line: str, times: tuple[Found, ...]) -> bool:
    """Return whether a line holds words beside its times: the title of another story in a list, say."""
    return len(line.strip(_SIDE)) - sum(found.end - found.start for found in times) > _FEW


def _take_bare(found: Found, number: int, times: tuple[Found, ...], seen: _Seen, beside: bool) -> None:  # noqa: FBT001 - a fact of the line
    """A clock beats a bare day that is not earlier: the day in a page's masthead is the day it was looked at."""
    earlier = seen.bare
    if earlier is None or (seen.beside and not beside and number == 0 and "T" not in earlier.edtf):
        seen.bare, seen.beside = found.moment, beside
    elif (
        number == 0 and "T" in found.moment.edtf and "T" not in earlier.edtf and found.moment.edtf[:10] <= earlier.edtf
    ):
        if found.moment.edtf[:10] < earlier.edtf:
            seen.rejected.append(RejectedDate(
                as_text=earlier.as_text, place="line", reason="a later day above the byline, as a masthead prints it",
            ))  # fmt: skip
        seen.bare = found.moment
    elif len(times) == 1:
        return


def _read_foot(line: str, before: str, lang: str, seen: _Seen) -> None:
    if len(line) > _LONGEST:
        return
    times = find_times(line, lang)
    for number, found in enumerate(times):
        label = _label(line, before, times, number)
        if refused := _refused(line, label, before):
            seen.rejected.append(
                RejectedDate(as_text=found.moment.as_text, place=f"line: {line.strip()[:60]}", reason=refused)
            )
        elif _says(label, _cues()["updated"]):
            seen.updated = seen.updated or found.moment
        elif _says(label, _cues()["published"]):
            seen.published = seen.published or found.moment
        elif len(times) == 1 and len(line.strip(_SIDE)) - (found.end - found.start) <= 4:
            seen.foot = found.moment


def _dateline(line: str, lang: str) -> Moment | None:
    times = find_times(line[:160], lang)
    if not times:
        return None
    lead = _DATELINE.fullmatch(line[: times[0].start])
    return times[0].moment if lead and _DASH.match(line[times[0].end :]) else None


def _label(line: str, before: str, times: tuple[Found, ...], number: int) -> str:
    """Return the words that name a time: on its left, else behind it, else the line above that holds nothing else."""
    found = times[number]
    begin = times[number - 1].end if number else 0
    stop = times[number + 1].start if number + 1 < len(times) else len(line)
    left = line[begin : found.start]
    named = left.strip(_SIDE)
    behind = re.match(
        r"\s*(?:[(（]?JST[)）]?)?[\s)）]*(updated|posted|published|更新|公開|配信|掲載|発表|投稿)(?!日|時|[:：])",
        line[found.end : stop],
    )
    if behind and not (_says(left, _cues()["updated"]) or _says(left, _cues()["published"])):
        return behind[1]
    if not named and number == 0 and len(before.strip()) <= 20:
        return before
    return left


def _says(label: str, words: list[str]) -> bool:
    """A label ends in the word, or begins with it and goes on with a name (``posted by …``)."""
    bare = label.strip(_SIDE).lower()
    shorter = _TRAILING.sub("", label.strip(_SIDE), count=1).strip(_SIDE).lower()
    begins = len(bare) <= 50 and any(bare.startswith(f"{word.lower()} by") for word in words if word.isascii())
    return begins or any(_ends(name, word.lower()) for word in words for name in (bare, shorter))


def _ends(label: str, word: str) -> bool:
    """«日付» names the page's own day, «報告書の日付» that of something else."""
    return label.endswith(word) and not label.removesuffix(word).endswith("の")


def _refused(line: str, label: str, before: str) -> str:
    cues = _cues()
    lower = line.lower()
    if any(word in lower for word in cues["furniture"]):
        return _COPYRIGHT
    above = "" if re.search(r"\d{4}", before) else before.lower()  # a banner's date may stand on its next line
    if any(word in lower or word in above for word in cues["archive"]):
        return "the day an archive saved the page"
    bare = label.strip(_SIDE).lower()
    if any(re.match(rf"{word}(?:\s+is\b|は|の|[\s:：(（]|$)", bare) for word in cues["today"]):
        return "the day the page was looked at"
    return "the day of something else" if any(word.lower() in bare for word in cues["other_day"]) else ""


def _stands_alone(line: str, times: tuple[Found, ...]) -> bool:
    """A byline is a time with few words beside it; a sentence that mentions a day is none."""
    rest = fold(line)
    for found in reversed(times):
        rest = rest[: found.start] + rest[found.end :]
    rest = rest.strip()
    return (
        len(rest) <= 60
        and not rest.startswith(("・", "•", "*", "- "))
        and not rest.endswith(("。", "、"))
        and not re.search(r"[。、]|\b(?:said|was|were|on|between|since|until|valid)\b", rest)
    )


def _is_masthead(bare: Moment, dateline: Moment) -> bool:
    """Return whether a bare day lies days after the dateline: the day on which the page was looked at."""
    if bare.earliest is None or dateline.latest is None or "T" in bare.edtf:
        return False
    return bare.earliest > dateline.latest + dt.timedelta(days=2)


def _same_day_finer(finer: Moment, coarser: Moment) -> bool:
    return "T" in finer.edtf and "T" not in coarser.edtf and finer.edtf[:10] == coarser.edtf
