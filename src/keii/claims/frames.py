"""Japanese sentences that tell the event before its date: «流出したのは3月8日», «委員会への速報は4月26日に行った»."""

from __future__ import annotations

import re

from keii.claims.anchors import Cue
from keii.claims.lexicon import times, words
from keii.claims.places import Where
from keii.moments import Spanned

_CLEFT = 60  # characters before a date in which the event stands whose date it is


def turned(where: Where, spanned: Spanned) -> tuple[str, int, int] | None:
    """Return the event that stands before its date («データが送信されたのは3月8日»), or the leak that a period of buyers tells."""
    text, sentence = where.folded, where.sentence
    edtf = spanned.moment.edtf
    if "/" in edtf and ".." not in edtf and words("ja", "times", "exposed").match(text, spanned.end, sentence.end):
        taken = where.find(_taken(), sentence.start, sentence.end)
        return ("time.exfiltration", taken.start(), taken.end()) if taken else None
    first = max(sentence.start, spanned.start - _CLEFT)
    if not words("ja", "times", "cleft").search(text, first, spanned.start):
        return None
    hits = [
        (hit.end(), -order, topic, hit.start())
        for order, (topic, pattern) in enumerate(times("ja", "after"))
        for hit in pattern.all(where.seen, text, first, spanned.start)
    ]
    end, _, topic, start = max(hits, default=(0, 0, "none", 0))
    return None if topic == "none" else (topic, start, end)


def labelled(where: Where, spanned: Spanned) -> tuple[str | None, int, int]:
    """Return the event whose noun is the subject before its date, where nothing after the date names another."""
    text, first = where.folded, max(where.sentence.start, spanned.start - _CLEFT)
    for topic, pattern in times("ja", "label"):
        for hit in pattern.all(where.seen, text, first, spanned.start):
            if _LABEL.fullmatch(text, hit.end(), spanned.start):
                return topic, hit.start(), hit.end()
    return None, 0, 0


_LABEL = re.compile(
    r"(?:(?:し|され|でき|を行っ|を始め|があっ|が始まっ)?た)?(?:の|日時?|時期|期間)?(?:は|には|(?:の日時?)?[\s　]*[|:：])[\s　]*、?"
    r"(?:遅くとも|早くても|早ければ|最短でも|遅ければ)?、?"
)


def _taken() -> Cue:
    """Return the words that tell that data left."""
    return next(pattern for topic, pattern in times("ja", "after") if topic == "time.exfiltration")
