"""The words around the breach: a threat report in three formats, five articles, the statement in two languages."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from keii.simulate.company import Company
from keii.simulate.intrusion import LOADER_SHA256, Intrusion

_SHIFT_JIS = {"4-shinonome-asakan.txt"}  # a newspaper's text service still sends it
_DIGITS = "〇一二三四五六七八九"


def write_texts(out: Path, breach: Intrusion, people: Company) -> None:
    """Write ``intel/`` and ``documents/`` below ``out``; figures are those of the breach, rounded as papers do."""
    seen = int(breach.truth["files"]["distinct_in_logs"])
    about = round(seen, -2)
    words = {
        "exact_ja": str(seen),
        "exact_en": f"{seen:,}",
        "about_ja": f"{about}件",
        "about_point": f"{_kanji_hundreds(about)}点",
        "about_kanji": f"約{_kanji(about)}件",
        "about_en": f"{about:,}",
        "sha256": LOADER_SHA256,
        "pcs": str(len(people.pcs)),
    }
    for entry in sorted(files("keii.data").joinpath("simulate/texts").iterdir(), key=lambda item: item.name):
        folder = "intel" if entry.name.startswith("report") else "documents"
        text = Template(entry.read_text("utf-8")).substitute(words)
        path = out / folder / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("cp932" if entry.name in _SHIFT_JIS else "utf-8"))


def _kanji_hundreds(number: int) -> str:
    """Return ``2700`` as ``2千7百``, the way wire copy writes it."""
    thousands, hundreds = divmod(number // 100, 10)
    return (f"{thousands}千" if thousands else "") + (f"{hundreds}百" if hundreds else "")


def _kanji(number: int) -> str:
    """Return ``2700`` as ``二千七百``."""
    return "".join(_DIGITS[int(c)] if c.isdigit() else c for c in _kanji_hundreds(number))
