"""Who says a sentence: named, anonymous, the attacker, the author, or the publication itself."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from functools import cache

import msgspec

from keii.claims.anchors import Cue
from keii.claims.lexicon import either, table
from keii.claims.sentences import Sentence
from keii.model import Document, Embedded, Moment

_TAIL = 30  # characters at the end of a Japanese sentence in which its verb of saying stands
_SHORT = 30  # characters of a sentence that says no more than who told the ones before («同社が明らかにした。»)
_LEAD = 60  # characters before a quotation in which its speaker stands

_RETELLING = ("によ", "では")  # one of these stands behind every report that a Japanese sentence rests on
_ANNOUNCED = re.compile(r"(?:発表|公表|明らかに)(?:し|。|」)")
_BEFORE_NAME = re.compile(
    r"^(?:(?:On|In|At|By|But|And|Still|Meanwhile|Later|Also|Then|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|November|December)\s+)+(?=\w)"
)


_WHO = re.compile(r"[ ,]+who (?:was|were|asked|spoke|requested|declined|had|have|are|is)\b.*$")
_PRESS_OFFICE = r"\ba[n]? ([A-Z][\w&'-]+(?: (?:& )?[A-Z][\w&'-]+){0,3}) (?:public relations |PR |press |media )(?:official|officer|executive|spokes\w+)"  # «a Shirakaba public relations official»: the words are the company's


class Voice(msgspec.Struct, frozen=True):
    """Whose words a place holds: speaker, chain, embedded source and when it was said."""

    speaker: str | None
    via: tuple[str, ...]
    within: str | None
    published: Moment | None
    author: bool = False
    alleged: bool = False


class Said(msgspec.Struct, frozen=True):
    """Who is given the word in a sentence, the range of the words, and who passed them on (a minister, a paper)."""

    speaker: str
    words_of: tuple[int, int]
    via: tuple[str, ...] = ()
    lasting: bool = False  # «…によると»: the next sentences of the paragraph go on with them
    in_line: bool = False  # «…と発表した»: only those of the same line do


class _Patterns(msgspec.Struct, frozen=True):
    """Expressions of ``speakers.yaml``; as cues those that few sentences can fit."""

    anonymous: Cue
    named: re.Pattern[str]
    revealed: Cue
    continued: re.Pattern[str]
    attacker: re.Pattern[str]
    again: Cue
    passed_on: re.Pattern[str]
    asked: Cue
    tail: Cue
    self_named: Cue
    gangs: Cue
    office: Cue
    goes_on: re.Pattern[str]
    turned: re.Pattern[str]
    compound: re.Pattern[str]
    nameless: re.Pattern[str]


@cache
def patterns(lang: str) -> _Patterns:
    """Return the expressions of a language; to be called once before its first scan."""
    t = table(lang, "speakers")
    attacker = re.compile("|".join(t["attacker"]), re.I)

    def cue(expression: str) -> Cue:
        return either([f"(?-i:{expression})" if lang == "en" else expression], lang)

    never = re.compile(r"(?!)")
    if lang == "ja":
        return _Patterns(
            anonymous=cue(rf"({t['anonymous']}){t['according']}|({t['names']}){t['according']}"),
            named=re.compile(
                rf"(?:({t['names']})(?:{t['spokes']})?(?:[(（][^()（）]{{1,20}}[)）])?|「([^「」]{{2,20}})」(?:[(（][^()（）]{{1,20}}[)）])?)(?:は|も|では)"
            ),
            revealed=cue(rf"(?:({t['anonymous']})|({t['names']})){t['revealed']}"),
            continued=re.compile(t["continued"]),
            attacker=attacker,
            again=cue(rf"(?:{t['told_again']}){t['according']}"),
            passed_on=re.compile(rf"({t['names']})(?:側)?{t['passed_on']}"),
            asked=cue(rf"(?:({t['anonymous']})|({t['names']})){t['asked']}"),
            tail=cue(t["tail"]),
            self_named=cue(t["self_named"]),
            gangs=cue("(?!)x"),
            office=cue("(?!)x"),
            goes_on=never,
            turned=never,
            compound=never,
            nameless=re.compile(t["anonymous"]),
        )
    aside = r"(?:, (?:which|who|whose|a|an|the|its|quoting|citing|speaking|based|headquartered|part|owned|led|one|known|formerly) [^.;]{0,90}?,)?"
    named = rf"(?<!interview with )(?<!interview with the )(?:spokes\w+ (?:for|of) (?:the (?=[A-Z]))?)?({t['names']}){aside},? {t['between']}{t['verbs']}\b"
    saying = r"(?:have |had |has )?(?:said|told|say|says|confirmed|believe[sd]?|suspect(?:ed)?|fear(?:ed)?|estimated?)"
    return _Patterns(
        anonymous=cue(rf"(?i:\b({t['anonymous']})(?: (?:at|in|from|with|of|for|on) [^,.;]{{3,50}}?)?(?: {saying}|,))"),
        named=re.compile(named),
        revealed=cue(
            rf"(?:[Aa]ccording to|,? citing|Citing|(?:[Aa]s|[Ff]irst) reported(?: \w+)? by(?: the (?:blog|newspaper|website|magazine|broadcaster|news site))?) ((?i:{t['anonymous_cited']})|(?:{t['names']}))"
        ),
        continued=re.compile(rf",[”\"]? ({t['names']}) (?:said|says|added|told [\w ]{{2,20}})[.]?[\"”]?$"),
        attacker=attacker,
        again=cue(t["told_again"]),
        passed_on=re.compile(
            r"(?:[Rr]eceived a (?:\w+ )?report from (?=(?:the )?[\w&' -]{3,40} that))?([Tt]he company|[A-Z][\w&'-]+(?: [A-Z][\w&'-]+)*) (?:tells?|(?:has |had |have )?(?:told|informed|assured|advised|notified)) "
            r"(?:me|us|her|him|them|my|his|the (?:ministry|department|government))\b"
        ),
        asked=cue(r"(?!)x"),
        tail=cue(t["verbs"]),
        self_named=cue(t["self_named"]),
        office=cue(_PRESS_OFFICE),
        gangs=either([f"(?-i:{one})" for one in t["gangs"]], lang),
        goes_on=re.compile(t["goes_on"]),
        turned=re.compile(
            rf",[”\"] (?:said|says|added|adds|wrote|explained|warned) ({t['names']})(?=,|\.| (?:of|from|at|in|who)\b|$)"
        ),
        compound=re.compile(
            rf"({t['names']}) (?:\w+ed|met|spoke|wrote) [^.;“”\"]{{1,120}}? and (?:\w+ )?(?:said|says|added|told|confirmed|insisted|warned|promised|acknowledged|admitted)\b"
        ),
        nameless=never,
    )


@cache
def _verbs() -> re.Pattern[str]:
    return re.compile(table("ja", "speakers")["verbs"])


def base_voice(document: Document, embedded: Embedded | None) -> Voice:
    """Return the voice of a place before its sentence hands the word to somebody."""
    if embedded is not None:
        published = embedded.published or (document.published if embedded.kind == "statement" else None)
        page = document.publisher if document.kind != "blog" and document.publisher != embedded.publisher else ""
        return Voice(embedded.publisher or None, (page,) if page else (), embedded.id, published)
    if document.kind == "blog":
        return Voice(
            "author", (document.publisher,) if document.publisher else (), None, document.published, author=True
        )
    return Voice(document.publisher or document.author or None, (), None, document.published)


def spoken(text: str, sentence: Sentence, lang: str, carried: str | None, seen: int = -1) -> Said | None:
    """Return who is given the word in a sentence, None where nobody is.

    Args:
        text: the text.
        sentence: the sentence.
        lang: its language.
        carried: who spoke shortly before in the same source: «ということです» goes on with them.
        seen: bits of the expressions that can fit in the sentence.
    """
    found = (_japanese if lang == "ja" else _english)(seen, text, sentence, carried)
    if found is not None:
        outlet = told_to(text, sentence, lang)
        tells = outlet and outlet not in (found.speaker, *found.via)
        return msgspec.structs.replace(found, via=(*found.via, outlet)) if tells else found
    if not carried:
        return None
    if lang == "en":
        return Said(carried, (sentence.start, sentence.end)) if text[sentence.start] in '"“' else None
    goes_on = patterns("ja").continued.search(text, max(sentence.start, sentence.end - 14), sentence.end)
    return Said(carried, (sentence.start, sentence.end)) if goes_on else None


@cache
def _outlets(lang: str) -> re.Pattern[str]:
    listed = table(lang, "speakers")
    return re.compile(listed["told_to"].replace("{outlet}", listed["outlet"]))


def told_to(text: str, sentence: Sentence, lang: str) -> str:
    """Return the paper or station that somebody spoke to («told the Harbor Gazette», 「潮騒新聞の取材に」), "" for none."""
    found = _outlets(lang).search(text, sentence.start, sentence.end)
    return found["outlet"] if found else ""


def gone_on(text: str, sentence: Sentence, lang: str, carried: str) -> Said | None:
    """Return who spoke before in the paragraph for an English sentence that goes on with them: «It has notified…»."""
    if lang != "en" or carried.startswith(("anonymous:", "attacker:")):
        return None
    goes_on = patterns("en").goes_on.match(text, sentence.start, sentence.end)
    return Said(carried, (sentence.start, sentence.end)) if goes_on else None


def revealed(text: str, sentence: Sentence, lang: str, seen: int = -1) -> str | None:
    """Return who a sentence names as the source of the ones before it (政府筋など複数の関係者が明らかにした)."""
    if lang != "ja":
        return None
    match = patterns("ja").revealed.find(seen, text, sentence.start, sentence.end)
    if match is None:
        return None
    if match[1]:
        return f"anonymous:{match[1]}"
    short = sentence.end - sentence.start < _SHORT and match.start() <= sentence.start + 2
    return match[2] if short and _is_name(match[2], table("ja", "speakers")["not_names"]) else None


@cache
def _reported() -> re.Pattern[str]:
    told = table("ja", "speakers")
    return re.compile(rf"と、?({told['names']}){told['reported']}")


@cache
def _report_of(lang: str) -> re.Pattern[str]:
    listed = table(lang, "speakers")
    return re.compile(listed["report_of"].replace("{outlet}", listed["outlet"]))


@cache
def _no_ends() -> re.Pattern[str]:
    return re.compile(table("ja", "speakers")["no_ends"])


def _is_name(word: str, forbidden: list[str]) -> bool:
    return word not in forbidden and _no_ends().search(word) is None


def _japanese(seen: int, text: str, sentence: Sentence, carried: str | None) -> Said | None:
    known, forbidden = patterns("ja"), table("ja", "speakers")["not_names"]
    whole = (sentence.start, sentence.end)
    told = known.anonymous.find(seen, text, *whole)
    opened = text.find("「", *whole)
    if told is None or 0 <= opened < told.start():
        quoted = _before_a_quotation(text, sentence, carried)
        if quoted is not None:
            return quoted
    if told and told[1]:
        return Said(f"anonymous:{told[1]}", whole, lasting=True)
    retells = any(text.find(word, *whole) >= 0 for word in _RETELLING)
    if retells and (report := _report_of("ja").search(text, *whole)):
        return Said(report["outlet"], whole, lasting=True)
    if known.again.find(seen, text, *whole):
        return Said(carried or "同社", whole, lasting=True)
    if told and _is_name(told[2], forbidden):
        inside = told[2].endswith(("関係者", "幹部", "元社員", "元職員", "報道"))
        return Said(f"anonymous:{_bare(told[2])}" if inside else told[2], whole, lasting=True)
    if behind := _asked_or_reported(text, sentence, seen):
        return Said(behind, whole)
    if known.tail.find(seen, text, max(sentence.start, sentence.end - _TAIL), sentence.end):
        itself = known.self_named.find(seen, text, *whole)
        if itself:
            return Said("attacker:" + itself[1], whole)
        for match in known.named.finditer(text, *whole):
            name = match[1] or match[2]
            if _is_name(name, forbidden):
                attacker = known.attacker.search(name)
                nameless = known.nameless.fullmatch(name)
                teller = "attacker:" + name if attacker else "anonymous:" + name if nameless else name
                said = _passed_on(text, sentence, teller, match.end())
                announced = _ANNOUNCED.search(text, max(sentence.start, sentence.end - _TAIL), sentence.end)
                return msgspec.structs.replace(said, in_line=bool(announced) and teller == said.speaker)
    return _handed_on(text, sentence)


def _asked_or_reported(text: str, sentence: Sentence, seen: int) -> str:
    """Return who told a paper that asked («…への取材で»), or the paper named behind what it told, "" for nobody."""
    known, forbidden = patterns("ja"), table("ja", "speakers")["not_names"]
    asked = known.asked.find(seen, text, sentence.start, sentence.end)
    if asked and asked[1]:
        return f"anonymous:{asked[1]}"
    if asked and _is_name(asked[2], forbidden):
        return f"anonymous:{_bare(asked[2])}" if _bare(asked[2]) != asked[2] else asked[2]
    reported = _reported().search(text, max(sentence.start, sentence.end - _TAIL), sentence.end)
    return reported[1] if reported and _is_name(reported[1], forbidden) else ""


def _bare(words: str) -> str:
    """Return who speaks without a name, without the words that run on into it («…ことが関係者»)."""
    inside = next((one for one in patterns("ja").nameless.finditer(words) if one.end() == len(words)), None)
    return inside[0] if inside and re.search(r"[ぁ-ん]$", words[: inside.start()]) else words


def _handed_on(text: str, sentence: Sentence) -> Said | None:
    """Return whose words come by a report («同社からは…との説明を受けております») where nobody else is given the word."""
    for passed in patterns("ja").passed_on.finditer(text, sentence.start, sentence.end):
        if _hands_on(text, passed) and _is_name(passed[1], table("ja", "speakers")["not_names"]):
            return Said(passed[1], (sentence.start, sentence.end))
    return None


def _passed_on(text: str, sentence: Sentence, teller: str, after: int) -> Said:
    """Return what a teller passes on (a minister: «…と同社から報告を受けた») as the words of whom they had it from."""
    whole = (sentence.start, sentence.end)
    passed = patterns("ja").passed_on.search(text, after, sentence.end)
    if passed and passed[1] != teller and _is_name(passed[1], table("ja", "speakers")["not_names"]):
        return Said(passed[1], whole, (teller,))
    return Said(teller, whole)


def _hands_on(text: str, passed: re.Match[str]) -> bool:
    """Return whether what was reported is told, not only that a report came («8月に報告を受けた»)."""
    return any(word in passed.group() for word in ("との", "という", "旨")) or text[passed.start() - 1] == "と"


def _before_a_quotation(text: str, sentence: Sentence, carried: str | None) -> Said | None:
    """Return who says what stands in 「」 and is followed by a verb of saying."""
    known, forbidden = patterns("ja"), table("ja", "speakers")["not_names"]
    opened = text.find("「", sentence.start, sentence.end)
    while opened >= 0:
        closed = text.find("」", opened, sentence.end)
        if closed < 0:
            return None
        if carried and closed - opened <= 12 and _verbs().match(text, closed + 1):  # «コメントを控える」とし»
            first = max(sentence.start, opened - _LEAD)
            named = (m[1] or m[2] for m in known.named.finditer(text, first, opened))
            if not [name for name in named if _is_name(name, forbidden)]:
                return Said(carried, (sentence.start, sentence.end))
        if _verbs().match(text, closed + 1):
            first = max(sentence.start, opened - _LEAD)
            named = (m[1] or m[2] for m in known.named.finditer(text, first, opened))
            names = [name for name in named if _is_name(name, forbidden)]
            if names:
                teller = f"anonymous:{names[-1]}" if known.nameless.fullmatch(names[-1]) else names[-1]
                passed = known.passed_on.search(text, opened, closed)
                if passed and _hands_on(text, passed):
                    return Said(passed[1], (opened, closed + 1), (teller,))
                return Said(teller, (opened, closed + 1))
            if carried:
                return Said(carried, (opened, closed + 1))
        opened = text.find("「", closed, sentence.end)
    return None


def _english(seen: int, text: str, sentence: Sentence, carried: str | None) -> Said | None:
    known = patterns("en")
    whole = (sentence.start, sentence.end)
    itself = known.self_named.find(seen, text, *whole) or known.gangs.find(seen, text, *whole)
    if itself:
        return Said("attacker:" + itself[1], whole)
    office = known.office.find(seen, text, *whole)
    if office:
        return Said(office[1], whole)
    for told in known.anonymous.finditer(text, *whole) if seen & known.anonymous.flags else ():
        if told.group().endswith(",") and " " not in told[1].strip():
            continue  # «more than 700,000 people, two officials said»
        lead = text[max(sentence.start, told.start() - 8) : told.start()]
        until = told.start() if lead.endswith("citing ") else sentence.end if lead.endswith("cited ") else 0
        by = known.named.search(text, sentence.start, until) if until else None
        return Said(f"anonymous:{_WHO.sub('', told[1])}", whole, (_BEFORE_NAME.sub("", by[1]),) if by else ())
    report = _report_of("en").search(text, *whole) if seen & known.tail.flags else None
    if report:
        return Said(report["outlet"], whole)
    according = known.revealed.find(seen, text, *whole)
    if according:
        name = according[1].strip()
        if re.fullmatch(table("en", "speakers")["anonymous_alone"], name, re.I):
            name = f"anonymous:{_WHO.sub('', name)}"
        citing = according.group().lstrip(", ").lower().startswith("citing")
        at = (
            (sentence.start, according.start())
            if according.start() > sentence.start
            else (according.end(), sentence.end)
        )
        by = known.named.search(text, *at) if citing else None
        return Said(name, whole, (_BEFORE_NAME.sub("", by[1]),) if by else ())
    if known.again.find(seen, text, *whole):
        return Said(carried or "the company", whole)
    last = known.continued.search(text, max(sentence.start, sentence.end - _LEAD), sentence.end)
    said = bool(seen & known.tail.flags)
    last = last or (known.turned.search(text, *whole) if said else None)
    named = last or (known.named.search(text, *whole) if said else None)
    if named is None and said:
        named = known.compound.match(text, *whole)
    if named:
        name = _BEFORE_NAME.sub("", named[1])
        passed = known.passed_on.search(text, *whole)
        if passed and not passed[1].startswith(name):
            return Said(passed[1], whole, (name,))
        attacker = known.attacker.search(name)
        return Said("attacker:" + name if attacker else name, whole)
    return None
