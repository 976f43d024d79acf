"""Which patterns can fit where: nothing that fits may be left out."""

from __future__ import annotations

import pytest

from keii.claims.lexicon import _CUES, scan
from keii.moments import fold
from tests.claims.scoring import texts


@pytest.mark.parametrize(("lang", "name"), [("en", "en_fifth"), ("ja", "ja_second")])
def test_every_pattern_that_fits_a_line_is_tried_there(lang: str, name: str) -> None:
    for entry, document in texts(name):
        folded, at = fold(document.text), 0
        scanned = scan(lang, folded)
        for line in folded.splitlines(keepends=True):
            seen = scanned.mask(at, at + len(line))
            for bit, pattern in enumerate(_CUES[lang]._patterns):
                if not seen >> bit & 1:
                    hit = pattern.search(folded, at, at + len(line))
                    assert hit is None, (entry["id"], pattern.pattern, hit)
            at += len(line)
