"""Extract the claims of a document, sentence by sentence."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from keii.claims.lexicon import any_topic, states, times, topics
from keii.claims.quantities import counted
from keii.claims.sentences import TERM, Clause, Sentence, clauses, sentences
from keii.claims.speakers import Voice, base_voice, revealed, spoken
from keii.model import Category, Claim, Date, Document, Embedded, Interval, Locator, Moment, Value, claim_id
from keii.moments import Spanned, fold, parse_dates

_MAX_QUOTE = 400  # characters; a longer clause is cut around what the claim rests on
_PRONOUNS = ("It", "it", "He", "She", "They")
_LEADING = re.compile(r"^(?:この中に|その中に|多くが|同社が手がける|.{0,6}年(?:ごろ|頃)?(?:に)?)(?:は|も)?")
_QUESTION = re.compile(r"[^\s。]*か[」』]?(?=[\s。]|$)")  # «流出か» in a headline, whose parts are set apart by spaces


class Where(msgspec.Struct, frozen=True):
    """A sentence with everything that its claims share."""

    document: Document
    folded: str
    sentence: Sentence
    clauses: list[Clause]
    voice: Voice
    words_of: tuple[int, int]
    speaker: str | None


def extract(document: Document) -> tuple[Claim, ...]:
    """Return the claims of a document, in order of place and topic, each once."""
    folded = fold(document.text)
    found: dict[str, Claim] = {}
    pending: list[Claim] = []
    paragraph = -1
    for where in _places(document, folded):
        own = [*_topics(where), *_counts(where), *_times(where)]
        told = revealed(document.text, where.sentence, document.lang)
        if told:
            if paragraph == where.sentence.paragraph:
                pending = [_given(claim, told, where) for claim in pending]
        if told or paragraph != where.sentence.paragraph:
            found |= {claim.id: claim for claim in pending}
            pending = []
        pending += own
        paragraph = where.sentence.paragraph
    found |= {claim.id: claim for claim in pending}
    return tuple(sorted(found.values(), key=lambda c: (c.start, c.end, c.topic, c.id)))


def _given(claim: Claim, speaker: str, where: Where) -> Claim:
    plain = where.voice.speaker
    if claim.within != where.voice.within or claim.speaker != plain or claim.speaker == "author":
        return claim
    return msgspec.structs.replace(claim, speaker=speaker, via=(plain,) if plain else ())


def _places(document: Document, folded: str) -> Iterator[Where]:
    spans = sorted((start, end, quoted.id) for quoted in document.embedded for start, end in quoted.spans)
    starts = [span[0] for span in spans]
    by_id = {quoted.id: quoted for quoted in document.embedded}
    carried: tuple[int, str | None, str | None] = (-1, None, None)
    for sentence in sentences(document.text, document.lang):
        for piece, quoted in _pieces(sentence, spans, starts, by_id):
            base = base_voice(document, quoted)
            last = carried[2] if carried[:2] == (sentence.paragraph, base.within) else None
            speaker, words_of = spoken(document.text, piece, document.lang, base, last)
            if speaker in _PRONOUNS and last:
                speaker = last
            if speaker:
                carried = (sentence.paragraph, base.within, speaker)
            yield Where(document, folded, piece, clauses(document.text, piece, document.lang), base, words_of, speaker)


def _pieces(
    sentence: Sentence, spans: list[tuple[int, int, str]], starts: list[int], by_id: dict[str, Embedded]
) -> Iterator[tuple[Sentence, Embedded | None]]:
    """Cut a sentence where an embedded source begins or ends inside it; the innermost source of a place is its own."""
    at = max(0, bisect_right(starts, sentence.start) - 8)
    inside = [
        span
        for span in spans[at : bisect_right(starts, sentence.end)]
        if span[1] > sentence.start and span[0] < sentence.end
    ]
    cuts = sorted(
        {sentence.start, sentence.end, *(p for s, e, _ in inside for p in (s, e) if sentence.start < p < sentence.end)}
    )
    for first, last in zip(cuts, cuts[1:], strict=False):
        own = [span for span in inside if span[0] <= first and last <= span[1]]
        best = min(own, key=lambda span: span[1] - span[0], default=None)
        yield Sentence(first, last, sentence.paragraph), by_id[best[2]] if best else None


def _topics(where: Where) -> Iterator[Claim]:
    lang, text = where.document.lang, where.folded
    if not any_topic(lang).search(text, where.sentence.start, where.sentence.end):
        return
    for clause in where.clauses:
        if not any_topic(lang).search(text, clause.start, clause.end):
            continue
        seen: set[tuple[str, str]] = set()
        for rule in topics(lang):
            hit = rule.any.search(text, clause.start, clause.end)
            if (
                not hit
                or (rule.topic, rule.cat) in seen
                or (rule.also and not rule.also.search(text, clause.start, clause.end))
            ):
                continue
            if rule.never and rule.never.search(text, clause.start, clause.end):
                continue
            seen.add((rule.topic, rule.cat))
            items = (
                tuple(
                    dict.fromkeys(
                        _LEADING.sub("", m[1])
                        for m in rule.named.finditer(where.document.text, clause.start, clause.end)
                    )
                )
                if rule.named
                else ()
            )
            yield _claim(where, clause, hit.start(), hit.end(), rule.topic, Category(cat=rule.cat, items=items))


def _counts(where: Where) -> Iterator[Claim]:
    for count in counted(
        where.document.text, where.folded, where.sentence.start, where.sentence.end, where.document.lang
    ):
        clause = next((c for c in where.clauses if c.start <= count.start < c.end), where.clauses[-1])
        yield _claim(
            where,
            clause,
            count.start,
            count.end,
            count.topic,
            count.value,
            approximation=count.approximation,
            scope=count.scope,
        )


def _times(where: Where) -> Iterator[Claim]:
    document, text, sentence = where.document, where.folded, where.sentence
    reference = where.voice.published or document.published or _latest_quoted(document)
    zone = reference.zone if reference and reference.zone else ("+09:00" if document.lang == "ja" else None)
    # 同日 and 同年 look back: the paragraph is read from its start, up to a bound that keeps the work linear.
    begin = max(sentence.paragraph, sentence.start - 300)
    dates = [
        d
        for d in _moved(parse_dates(document.text[begin : sentence.end], document.lang, reference, zone), begin)
        if d.start >= sentence.start
    ]
    for at, spanned in enumerate(dates):
        until = dates[at + 1].start if at + 1 < len(dates) else sentence.end
        topic = _event(text, sentence, spanned, until, document.lang)
        if topic is None:
            continue
        edtf = spanned.moment.edtf
        if topic == "time.intrusion" and edtf.endswith("/.."):
            topic = "time.intrusion_start"
        elif topic == "time.intrusion" and edtf.startswith("../"):
            topic = "time.intrusion_end"
        elif topic == "time.intrusion" and re.search(
            r"狙われ|から|開始|初期|最初|since|began|start|first|initial", text[spanned.start : until]
        ):
            topic = "time.intrusion_start"
        if topic == "duty.deadline" and edtf.startswith("../"):
            edtf = edtf[3:]
        value: Value = Interval(edtf=edtf) if "/" in edtf else Date(edtf=edtf)
        clause = next((c for c in where.clauses if c.start <= spanned.start < c.end), where.clauses[-1])
        approximation = "about" if "~" in edtf else "exact"
        claim = _claim(where, clause, spanned.start, spanned.end, topic, value, approximation=approximation)
        yield msgspec.structs.replace(claim, moment=spanned.moment)


def _latest_quoted(document: Document) -> Moment | None:
    """Return the time of the latest source that an undated document quotes: it cannot have been written before."""
    dated = [q.published for q in document.embedded if q.published is not None and q.published.earliest is not None]
    return max(dated, key=lambda moment: (str(moment.earliest), moment.edtf), default=None)


def _moved(dates: tuple[Spanned, ...], by: int) -> list[Spanned]:
    return [Spanned(d.start + by, d.end + by, d.moment) for d in dates]


def _event(text: str, sentence: Sentence, spanned: Spanned, until: int, lang: str) -> str | None:
    """Return the topic of the event that a date is the date of: its verb, never its value, decides."""
    if lang == "ja":
        for topic, pattern in times("ja", "before"):
            if pattern.search(text, max(sentence.start, spanned.start - 20), spanned.start):
                return topic
        opened = text.find("「", spanned.end, until)
        if opened >= 0 and text.find("」", opened, sentence.end) - opened > TERM:
            until = opened  # What is quoted has its own times.
        hits = [
            (m.start(), order, topic)
            for order, (topic, p) in enumerate(times("ja", "after"))
            if (m := p.search(text, spanned.end, until))
        ]
        return min(hits)[2] if hits else None
    near = []
    for order, (topic, pattern) in enumerate(times("en", "near")):
        for m in pattern.finditer(text, sentence.start, sentence.end):
            near.append(
                (spanned.start - m.end() if m.end() <= spanned.start else (m.start() - spanned.end) * 2, order, topic)
            )
    best = min(near)[2] if near else ""
    return best if best.startswith(("time.", "duty.")) else None


def _claim(
    where: Where,
    clause: Clause,
    start: int,
    end: int,
    topic: str,
    value: Value,
    *,
    approximation: str = "exact",
    scope: str | None = None,
) -> Claim:
    document, lang = where.document, where.document.lang
    polarity, state = _polarity(where.folded, clause, start, lang, topic)
    modality = "certain" if polarity == "denied" else _modality(where, clause, start)
    speaker, via = where.voice.speaker, where.voice.via
    quoted = where.words_of[0] <= start < where.words_of[1]
    note = ""
    if where.speaker and quoted and where.speaker != where.voice.speaker:
        via = (*((where.voice.speaker,) if where.voice.speaker and where.voice.speaker != "author" else ()), *via)
        speaker = where.speaker
        if speaker.startswith("attacker:"):
            speaker, modality = speaker.removeprefix("attacker:"), "alleged"
    elif where.voice.author:
        if modality == "possible":
            modality = "suspected"
        note = "The author's own words, an inference from the sources quoted in this document."
        if modality == "certain":
            note = "The author's own words, retelling or judging the sources quoted in this document."
    first, last = _quote(where, clause, start, end)
    return Claim(
        id=claim_id(document.source, document.name, first, last, topic, msgspec.json.encode(value).decode(), start),
        source=document.name, basis="stated", topic=topic, value=value, approximation=approximation, polarity=polarity,  # type: ignore[arg-type]
        state=state, modality=modality, speaker=speaker, via=via, within=where.voice.within, scope=scope,  # type: ignore[arg-type]
        published=where.voice.published, quote=document.text[first:last], start=first, end=last, note=note,
        locators=(Locator(source=document.source, start=first, end=last),),
    )  # fmt: skip


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


def _polarity(text: str, clause: Clause, start: int, lang: str, topic: str) -> tuple[str, str | None]:
    for name, pattern in states(lang, "polarity"):
        if topic in ("disclosure.refusal", "detect.missed", "log.gap", "log.erased") and name != "denied":
            continue
        hit = pattern.search(text, start if lang == "ja" else clause.start, clause.end)
        if hit:
            return ("denied", None) if name == "denied" else ("not-confirmed", name)
    return "affirmed", None


def _modality(where: Where, clause: Clause, start: int) -> str:
    lang, text = where.document.lang, where.folded
    if lang == "ja":
        if text[where.sentence.end - 1] != "。" and _QUESTION.match(text[start : where.sentence.end]):
            return "possible"
        hits = [
            (m.start(), order, name)
            for order, (name, p) in enumerate(states("ja", "modality"))
            if (m := p.search(text, start, clause.reach))
        ]
        return min(hits)[2] if hits else "certain"
    for name, pattern in states("en", "modality"):
        if pattern.search(text, clause.start, clause.end):
            return name
    return "certain"
