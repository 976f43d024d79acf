"""A small SVG writer: every text and attribute is escaped, colours come from the page's style sheet by class."""

from __future__ import annotations

from html import escape

from markupsafe import Markup

from keii.exporters.shown import clean


class Picture:
    """An SVG drawing of a given size; ``label`` is what a screen reader says."""

    def __init__(self, width: int, height: int, label: str) -> None:
        self._parts: list[str] = []
        self._open = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" aria-label="{escape(clean(label), quote=True)}">'
        )

    def rect(
        self, x: float, y: float, width: float, height: float, style: str, title: str = "", round_: float = 0
    ) -> None:
        """Add a rectangle; ``title`` is shown under the pointer."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
        shape = f'{place} rx="{round_:g}" class="{style}"'
        self._parts.append(f"<rect {shape}>{_title(title)}</rect>" if title else f"<rect {shape}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """Add a line."""
        self._parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')

    def curve(self, points: str, style: str, title: str = "") -> None:
        """Add a path from its ``d``; arrow heads come from the class."""
        self._parts.append(f'<path d="{points}" class="{style}" marker-end="url(#arrow)">{_title(title)}</path>')

    def text(self, x: float, y: float, words: str, style: str = "", anchor: str = "start") -> None:
        """Add words."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(clean(words))}</text>'
        )

    def arrowhead(self) -> None:
        """Define the arrow head that curves end in."""
        self._parts.append(
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" class="arrowhead"/></marker></defs>'
        )

    def done(self) -> Markup:
        """Return the drawing as markup that needs no further escaping."""
        return Markup(self._open + "".join(self._parts) + "</svg>")  # noqa: S704 - every part was escaped above


def _title(words: str) -> str:
    return f"<title>{escape(clean(words))}</title>" if words else ""


def shortened(words: str, most: int) -> str:
    """Return words cut to about ``most`` half-width characters, full-width ones counting as two."""
    room = most
    for at, char in enumerate(words):
        room -= 2 if ord(char) > 0x2E7F else 1
        if room < 0:
            return words[: max(at - 1, 1)] + "…"
    return words
