"""Extract the claims of a document, sentence by sentence."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from keii.claims.delays import delays
from keii.claims.events import as_of, dates_of, events
from keii.claims.lexicon import Topic, fitting, topics, words
from keii.claims.places import Where, places
from keii.claims.quantities import counted
from keii.claims.sentences import Clause, unquoted
from keii.claims.speakers import revealed
from keii.claims.stance import modality, polarity, presupposed
from keii.claims.surroundings import (
    Heading,
    Lead,
    another,
    dated,
    heading_of,
    lead_of,
    says_nothing,
    skipped,
    still,
    under,
)
from keii.claims.years import Told, in_told_year, told_in_full
from keii.model import ELSEWHERE, Category, Claim, Date, Document, Locator, Number, Value, claim_id
from keii.moments import Spanned, fold

_MAX_QUOTE = 400  # characters; a longer clause is cut around what the claim rests on
_LEADING = re.compile(r"^(?:この中に|その中に|これに|多くが|[\d〇一二三四五六七八九]{2,4}年(?:[末春夏秋冬])?(?:ごろ|頃)?(?:に)?)(?:は|も)?|^末?(?:ごろ|頃)")  # fmt: skip
_MARKED = re.compile(r"[^、。「」]{0,8}は")
_JUDGED = ("leak.", "actor.", "entry.", "log.", "intrusion.")  # what an author outside cannot know, only conclude
_LISTED = ("affected.system", "data.personal", "leak.personal", "data.card", "data.credentials", "data.kind")
_OF_DATA = ("leak.occurred", "leak.sensitive", "leak.personal", "data.personal", "data.classified")
_ACROSS = ("detect.by", "duty.reported")  # told around a quotation: «A社から「…」と連絡があった»
_FACTS = ("time.detection", "time.awareness", "time.containment", "time.scope_determined", "time.outage_start")
_MEANT = {
    "ransom.paid": "intended",
    "response.measure": "to_come",
    "impact.service": "to_come",
}  # what may be told of as still to come
_DEEDS = ("duty.reported",)  # two in a sentence are two: told to the police, then to the commission
_GIVEN = ("malware.kind",)  # what a heading takes as given («ランサムウェア攻撃について»)
_NAMED = 30  # characters before somebody's words in which stands what they are about
_ABOUT = re.compile(r"[^。、「」]*(?:については?|に関して|を[巡め]ぐ?って)、?「?")
_INFERRED = "The author's own words, an inference from the sources quoted in this document."
_SECOND_HAND = "Told again by an author who quotes the sources themselves in this document."
_RETOLD = "The author's own words, retelling or judging the sources quoted in this document."


def extract(document: Document) -> tuple[Claim, ...]:
    """Return the claims of a document, in order of place and topic, each once.

    A sentence that a source repeats word for word (a quotation given twice) yields its claims once, with both places.
    Of a text longer than ``READ`` characters only the head is read; its notes say so. The items of a list, and a sentence that goes on about the same data, take over the hedge of their lead-in.
    """
    if len(head := document.head) < len(document.text):
        document = msgspec.structs.replace(document, text=head)
    claims: list[Claim] = []
    opened, paragraph = 0, -1  # claims from ``opened`` on stand in the present paragraph
    lead: Lead | None = None
    skipping = False
    heading: Heading | None = None
    counting: str | None = None
    told_date: Told | None = None
    for where in places(document, fold(document.text)):
        if paragraph != where.sentence.paragraph:
            opened, paragraph = len(claims), where.sentence.paragraph
        told = revealed(document.text, where.sentence, document.lang, where.seen)
        if told:
            claims[opened:] = [_given(claim, told, where) for claim in claims[opened:]]
            opened = len(claims)
        skipping = skipped(where, skipping=skipping)
        if skipping:
            continue
        lead = still(lead, where)
        dates = in_told_year(where, dates_of(where), told_date)
        told_date = told_in_full(where, dates) or told_date
        heading = heading_of(where, dates, heading)
        own = _distinct(_of(where, dates or under(where, heading), lead, counting))
        counting = next(
            (one.topic for one in reversed(own) if one.topic.startswith("affected.") and isinstance(one.value, Number)),
            counting,
        )
        claims += own
        lead = lead_of(where, own, lead)
    return _once(claims)


def _distinct(claims: Iterator[Claim]) -> list[Claim]:
    """Return the claims of a sentence, those about one thing told in one way only once (deeds: once a clause)."""
    found: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        same = (claim.topic, claim.value, claim.polarity, claim.state, claim.modality, claim.speaker)
        apart = claim.topic in _DEEDS or not isinstance(claim.value, Category)
        found.setdefault((*same, claim.start) if apart else same, claim)
    return list(found.values())


def _of(where: Where, dates: list[Spanned], lead: Lead | None, counting: str | None) -> Iterator[Claim]:
    lang, text, sentence = where.document.lang, where.folded, where.sentence
    if words(lang, "states", "question").search(text, max(sentence.start, sentence.end - 12), sentence.end):
        return  # who asks does not say
    heading = says_nothing(where, dates)
    if heading == "nothing":
        return
    stand = as_of(where, dates)
    elsewhere = words(lang, "states", "elsewhere")
    other = where.find(elsewhere, sentence.start, sentence.end) or another(where)
    for claim in _told(where, [one for one in dates if one is not stand], listed=lead is not None, counting=counting):
        if heading == "subject" and claim.topic not in _GIVEN:
            continue
        told = msgspec.structs.replace(claim, as_of=stand.moment.edtf) if stand else claim
        if other and lang == "en" and claim.topic.startswith("time.") and claim.topic != "time.disclosed":
            continue  # the day of another incident
        if other:
            told = msgspec.structs.replace(told, about=ELSEWHERE)
        plain = told.modality == "certain" and told.polarity == "affirmed"
        definite = (
            lead is not None
            and not lead.items
            and where.find(words(lang, "states", "definite"), sentence.start, sentence.end)
        )
        if lead is not None and plain and not definite and told.topic.startswith(("leak.", "affected.", "data.")):
            told = msgspec.structs.replace(told, modality=lead.modality)
        yield _scoped(told)


def _scoped(claim: Claim) -> Claim:
    """Return a count that is only possible as ``potential`` where its words do not say how it is meant."""
    unsaid = claim.scope in (None, "confirmed") and claim.topic.startswith("affected.")
    return msgspec.structs.replace(claim, scope="potential") if unsaid and claim.modality == "possible" else claim


def _told(where: Where, dates: list[Spanned], *, listed: bool, counting: str | None) -> Iterator[Claim]:
    yield from _topics(where, listed=listed)
    text, sentence, lang = where.folded, where.sentence, where.document.lang
    for count in counted(text, sentence.start, sentence.end, lang, listed=listed, seen=where.seen, told=counting):
        if any(one.start < count.end and count.start < one.end for one in dates):
            continue  # a day is no count: «on Aug. 28 that servers…»
        claim = _claim(where, where.clause_at(count.start), count.start, count.end, count.topic, count.value)
        yield msgspec.structs.replace(claim, approximation=count.approximation, scope=count.scope)
    for event in events(where, dates):
        fact = event.topic in _FACTS or presupposed(where, event.verb_end)
        reach = where.clause_at(event.verb).end if event.verb > event.start and fact else None
        verb = event.verb_end if event.topic in _FACTS and event.verb_end else None
        clause = where.clause_at(event.start)
        claim = _claim(where, clause, event.start, event.end, event.topic, event.value, reach, verb)
        yield msgspec.structs.replace(
            claim, approximation=event.approximation, moment=event.moment, scope=event.scope or claim.scope
        )
    if lang == "en" and where.speaker is not None and where.speaker.startswith("attacker:"):
        clause = where.clause_at(where.words_of[0])
        yield _claim(where, clause, clause.start, clause.start, "actor.claim", Category(cat="claim"))
    line = dated(where, dates)
    if line is not None:
        told = _claim(where, where.clauses[0], line.start, line.end, "time.disclosed", Date(edtf=line.moment.edtf))
        yield msgspec.structs.replace(told, moment=line.moment)
    for delay in delays(where):
        claim = _claim(where, where.clause_at(delay.start), delay.start, delay.end, delay.topic, delay.value)
        yield msgspec.structs.replace(claim, approximation=delay.approximation)


def _given(claim: Claim, speaker: str, where: Where) -> Claim:
    """Return a claim of the paragraph given to whom a later sentence names as its source."""
    plain = where.voice.speaker
    if claim.within != where.voice.within or claim.speaker != plain or claim.speaker == "author":
        return claim
    return msgspec.structs.replace(claim, speaker=speaker, via=(plain,) if plain else ())


def _once(claims: list[Claim]) -> tuple[Claim, ...]:
    found: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        key: tuple[object, ...] = (claim.within, claim.speaker, claim.topic, claim.value, claim.quote, claim.polarity)
        if claim.within is None:
            key = (*key, claim.start)
        first = found.get(key)
        if first is None:
            found[key] = claim
        elif first.start != claim.start:
            places_of = (*first.locators, *claim.locators)[:20]
            found[key] = msgspec.structs.replace(first, locators=places_of, evidence=first.evidence + 1)
    by_id = {claim.id: claim for claim in found.values()}
    return tuple(sorted(by_id.values(), key=lambda c: (c.start, c.end, c.topic, c.id)))


def _topics(where: Where, *, listed: bool) -> Iterator[Claim]:
    lang, text = where.document.lang, where.folded
    rules = fitting(lang, where.seen)
    if not rules:
        return
    if lang == "ja":
        yield from _around(where)
    for clause in where.clauses:
        seen: set[tuple[str, str]] = set()
        seen_in = where.seen_in(clause)
        for rule in rules:
            if not seen_in & rule.any.flags:
                continue
            hit, clause_of = _fits(rule, text, clause, where, listed=listed)
            if hit is None or (rule.topic, rule.cat) in seen:
                continue
            items = _items(rule, where, clause)
            if rule.needs_name and not items:
                continue
            seen.add((rule.topic, rule.cat))
            claim = _claim(where, clause_of, hit.start(), hit.end(), rule.topic, Category(cat=rule.cat, items=items))
            list_of = _MEANT.get(rule.topic)
            meant = list_of and where.find(words(lang, "states", list_of), clause.start, clause.reach)
            planned = meant or rule.topic == "disclosure.plan"
            yield msgspec.structs.replace(claim, scope="planned") if planned else claim


def _around(where: Where) -> Iterator[Claim]:
    """Yield what a Japanese sentence tells around a quotation in it."""
    text, sentence = where.folded, where.sentence
    rest, cut, missing = unquoted(text, sentence.start, sentence.end, sentence.end)
    if not missing:
        return
    for rule in topics("ja"):
        hit = rule.any.search(rest) if rule.topic in _ACROSS else None
        if hit and hit.start() < cut < hit.end() and not (rule.never and rule.never.search(rest)):
            start = sentence.start + hit.start()
            end = sentence.start + hit.end() + missing
            yield _claim(where, where.clause_at(end - 1), start, end, rule.topic, Category(cat=rule.cat))


def _fits(rule: Topic, text: str, clause: Clause, where: Where, *, listed: bool) -> tuple[re.Match[str] | None, Clause]:
    """Return where a rule fits and the clause that tells how it stands.

    A Japanese topic marked by は («カード番号は一部が隠されており、流出していない») may have its verb in a later clause.
    """
    if rule.voice is not None and not rule.voice.search(where.voice.speaker or ""):
        return None, clause
    hit = where.find(rule.any, clause.start, clause.end)
    if hit is None or (rule.never is not None and where.find(rule.never, clause.start, clause.end)):
        return None, clause
    if rule.sentence is not None and not where.find(rule.sentence, where.sentence.start, where.sentence.end):
        return None, clause
    if rule.also is None or where.find(rule.also, clause.start, clause.end):
        return hit, clause
    if listed and rule.topic in _LISTED:
        return hit, clause  # the lead-in of the list says what became of it
    if where.document.lang == "ja" and _MARKED.match(text, hit.end(), clause.end):
        verb = rule.also.search(text, clause.end, clause.reach)
        if verb:
            return hit, Clause(clause.start, where.clause_at(verb.start()).end, clause.reach)
    return None, clause


def _items(rule: Topic, where: Where, clause: Clause) -> tuple[str, ...]:
    if rule.named is None:
        return _subjects(rule, where, clause)
    text = where.document.text
    found = (_LEADING.sub("", match[1]) for match in rule.named.finditer(text, clause.start, clause.end))
    return tuple(dict.fromkeys(rule.same.get(name, name) for name in found if name))


def _subjects(rule: Topic, where: Where, clause: Clause) -> tuple[str, ...]:
    """Return the kinds of data that a clause about a leak names: «no card data leaked» denies no more than that."""
    if rule.topic not in _OF_DATA:
        return ()
    kinds = words(where.document.lang, "states", "kinds").all(where.seen, where.folded, clause.start, clause.end)
    named = {hit.group().lower() for hit in kinds}
    return tuple(sorted(kind for kind in named if rule.topic != "data.classified" or rule.any.search(kind)))


def _spoken_of(where: Where, start: int) -> bool:
    """Return whether a place stands in somebody's words, or is what they are about («身代金について「払っていない」»)."""
    first, last = where.words_of
    about = where.document.lang == "ja" and first - _NAMED < start < first
    return first <= start < last or (about and _ABOUT.fullmatch(where.folded, start, first) is not None)


def _claim(
    where: Where,
    clause: Clause,
    start: int,
    end: int,
    topic: str,
    value: Value,
    reach: int | None = None,
    verb: int | None = None,
) -> Claim:
    document, voice = where.document, where.voice
    stands, state = polarity(where, clause, start, end, topic)
    hedge = "certain" if stands == "denied" else modality(where, clause, start, end, topic, reach, verb)
    speaker, via, note = voice.speaker, voice.via, ""
    if where.speaker and where.speaker != speaker and _spoken_of(where, start):
        via = (*where.via, voice.speaker, *via) if voice.speaker and not voice.author else (*where.via, *via)
        via = tuple(name for at, name in enumerate(via) if not (at + 1 < len(via) and _one_name(name, via[at + 1])))
        speaker = where.speaker.removeprefix("attacker:")
        hedge = "alleged" if speaker != where.speaker else hedge
        note = _SECOND_HAND if voice.author and where.document.embedded else ""
    elif voice.author:
        note = _RETOLD if hedge == "certain" else _INFERRED
        judged = hedge == "certain" and stands == "affirmed" and topic.startswith(_JUDGED)
        text, sentence = where.folded, where.sentence
        retold = words(document.lang, "states", "retold").search(text, sentence.start, sentence.end)
        hedge = "suspected" if (hedge == "possible" or judged) and not retold else hedge
    first, last = _quote(where, clause, start, end)
    return Claim(
        id=claim_id(document.source, document.name, first, last, topic, msgspec.json.encode(value).decode(), start),
        source=document.name, basis="stated", topic=topic, value=value, polarity=stands, state=state,  # type: ignore[arg-type]
        modality=hedge, speaker=speaker, via=via, within=voice.within, published=voice.published,  # type: ignore[arg-type]
        quote=document.text[first:last], start=first, end=last, note=note,
        locators=(Locator(source=document.source, start=first, end=last),),
    )  # fmt: skip


def _one_name(one: str, other: str) -> bool:
    """Return whether two names of a chain are one paper, with and without its article."""
    return one.removeprefix("The ").removeprefix("the ") == other.removeprefix("The ").removeprefix("the ")


def _quote(where: Where, clause: Clause, start: int, end: int) -> tuple[int, int]:
    """Return the range to quote: the clause and what follows up to its hedge, trimmed and bounded."""
    first, last = clause.start, max(clause.end, end)
    if where.document.lang == "ja" or clause.reach - first < _MAX_QUOTE:
        last = max(last, min(clause.reach, first + _MAX_QUOTE))
    if last - first > _MAX_QUOTE:
        first = max(first, start - _MAX_QUOTE // 2)
        last = max(end, min(last, first + _MAX_QUOTE))
    text = where.document.text
    while first < start and (text[first].isspace() or text[first] in '、,「」"“”。;:'):
        first += 1
    while last > end and (text[last - 1].isspace() or text[last - 1] in '、,「"“'):
        last -= 1
    return first, last
