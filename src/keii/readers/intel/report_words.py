"""The sentence, list lead-in or table row that an indicator stands in, and the section above it."""

from __future__ import annotations

import bisect
import re
from collections import Counter

import msgspec

from keii.readers.intel.roles import is_heading_word

_HEADING = re.compile(r"\s*(?:={1,6}|#{1,6}|h[1-6]\.)\s+(?P<marked>.+?)\s*=*|(?P<bare>[^.。\n]{2,70}[^.。,;、\s])\s*")
_LIST = re.compile(r"\s*(?:[•●▪■◦o*\-–·・|｜>$]|\d{1,3}[.)])\s")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“(])|(?<=[。！？])")
_LONG_LINE = 400  # characters from which on a line is taken apart into sentences
_MOST = 1_000  # characters of a sentence
_NEAR = 60  # lines; a heading or lead-in further above says nothing any more


class Section(msgspec.Struct, frozen=True):
    """A heading: the line it stands on and its words; ``marked`` where the format marks it as one."""

    line: int
    words: str
    marked: bool


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", " ".join(line.split()))


class Words:
    """The lines of a report, for looking around an offset."""

    def __init__(self, text: str) -> None:
        """Split ``text`` once; every later question is a look-up."""
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.lines = text.split("\n")
        shapes = Counter(_shape(line) for line in self.lines if line.strip())
        # A line that comes back on page after page is the page's furniture, and leads nothing in.
        self.furniture = {shape for shape, times in shapes.items() if times >= 3}
        self.sections = [section for number in range(len(self.lines)) if (section := self._section(number))]
        self._ends: dict[int, tuple[list[int], list[int]]] = {}
        self._section_lines = [section.line for section in self.sections]

    def line_at(self, offset: int) -> int:
        """Return the number of the line that holds ``offset``."""
        return bisect.bisect_right(self.starts, offset) - 1

    def _section(self, number: int) -> Section | None:
        line = self.lines[number]
        if len(line) > 120 or not line.strip():
            return None
        match = _HEADING.fullmatch(line)
        if match is None or _LIST.match(line):
            return None
        if match["marked"]:
            return Section(number, match["marked"], marked=True)
        before = self.lines[number - 1].strip() if number else ""
        bare = match["bare"].strip()
        title = bare[:1].isupper() or not bare.isascii()
        spaced = not before or before.endswith((".", "。", ":", "|"))
        spaced = spaced or is_heading_word(bare)
        if title and spaced and len(bare.split()) <= 9 and not re.search(r"\[\.\]|://|[0-9a-fA-F]{32}|\|", bare):
            return Section(number, bare.rstrip(":："), marked=False)
        return None

    def section(self, offset: int) -> str:
        """Return the heading above ``offset``, the marked ones of several levels joined, empty where there is none."""
        line = self.line_at(offset)
        at = bisect.bisect_right(self._section_lines, line) - 1
        if at < 0:
            return ""
        here = self.sections[at]
        if here.marked:
            above = [section.words for section in self.sections[max(0, at - 3) : at] if section.marked][-1:]
            return " / ".join([*above, here.words])
        return here.words

    def sentence(self, start: int, end: int) -> str:
        """Return the sentence or row around a span; a bare list item carries the line that leads the list in."""
        number = self.line_at(start)
        line, at = self.lines[number], self.starts[number]
        if len(line) > _LONG_LINE:
            first, last = self._piece(number, start - at)
            begin = max(first, start - at - _MOST)  # a piece without an end is as long as the file
            return " ".join(line[begin : min(max(last, end - at), begin + 2 * _MOST)].split())[:_MOST]
        row = " ".join(line.split())
        if len(row) - (end - start) > 25:
            return row[:_MOST]
        lead = self.lead(number)
        return f"{lead} {row}".strip()[:_MOST]

    def near(self, offset: int) -> str:
        """Return the line that holds an offset, of a very long one what is around it."""
        number = self.line_at(offset)
        line, at = self.lines[number], offset - self.starts[number]
        return line if len(line) <= 2 * _MOST else line[max(0, at - _MOST) : at + _MOST]

    def _piece(self, number: int, at: int) -> tuple[int, int]:
        """Return where the sentence of a long line begins and ends that holds an offset of it."""
        ends = self._ends.get(number)
        if ends is None:
            found = [(match.start(), match.end()) for match in _SENTENCE_END.finditer(self.lines[number])]
            ends = self._ends[number] = ([0, *(end for _, end in found)], [*(start for start, _ in found)])
        begins, stops = ends
        place = bisect.bisect_right(begins, at) - 1
        return begins[place], stops[place] if place < len(stops) else len(self.lines[number])

    def lead(self, number: int) -> str:
        """Return the line that leads in the list which holds line ``number``: the last sentence or heading above it."""
        for back in range(number - 1, max(-1, number - _NEAR), -1):
            line = self.lines[back].strip()
            if (
                len(line) < 4
                or _shape(line) in self.furniture
                or re.fullmatch(r"[-=|.*_\s]+|\[.*\]", line)
                or _LIST.match(self.lines[back])
            ):
                continue
            words = re.findall(r"[A-Za-z]{2,}", line)
            if not (
                re.search(r"[\u3041-\u9fff]", line)
                or (len(words) >= 3 and not re.search(r"\[\.\]|[0-9a-fA-F]{32}", line))
            ):
                continue
            return " ".join(line.split())[-300:]
        return ""
