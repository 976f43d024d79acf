"""How the cost of the value index grows: ``python -m bench.growth`` writes ``docs/index.svg`` and prints its table.

Each line is measured at three sizes of one thing (events, indicators, days) while the others stay. Seconds are CPU
seconds of the process, so that other work on the machine weighs little.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from math import log10
from pathlib import Path
from typing import NamedTuple

from bench import traffic
from bench.asked import indicators
from bench.measure import machine
from keii.hunt import hunt
from keii.hunt.evidence import find_hits
from keii.hunt.targets import choose
from keii.lake.store import Lake

EVENTS, PERIODS, ASKED = (500_000, 2_000_000, 8_000_000), (8, 32, 128), (1_000, 100_000, 1_000_000)
USUAL_EVENTS, USUAL_PERIODS, USUAL_ASKED = EVENTS[1], PERIODS[0], ASKED[1]


class Point(NamedTuple):
    """CPU seconds of a piece of work at one size of one thing."""

    grows: str
    size: int
    work: str
    seconds: float


def _spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _answer(lake: Lake, count: int) -> float:
    asked = indicators(count, 0.01)
    return _spent(lambda: list(find_hits(lake, choose(asked, ()).targets)))


def _few(lake: Lake) -> Iterator[tuple[str, float]]:
    asked = indicators(20, 0.9)
    yield "20 indicators, which values where", _spent(lambda: list(find_hits(lake, choose(asked, ()).targets)))
    yield "20 indicators, all evidence and coverage", _spent(lambda: hunt(lake, asked, ()))


def measure(folder: Path) -> Iterator[Point]:
    """Yield the points, a lake at a time."""
    for events in EVENTS:
        lake = traffic.fill(folder / "lake", events, USUAL_PERIODS, 45)
        yield Point("events", events, "100,000 indicators by index", _answer(lake, USUAL_ASKED))
        for work, seconds in _few(lake):
            yield Point("events", events, work, seconds)
        if events == USUAL_EVENTS:
            for count in ASKED:
                yield Point("indicators", count, "by index", _answer(lake, count))
        shutil.rmtree(folder / "lake" / "index")
        yield Point("events", events, "100,000 indicators without index", _answer(lake, USUAL_ASKED))
        shutil.rmtree(folder / "lake")
    for periods in PERIODS:
        lake = traffic.fill(folder / "lake", USUAL_EVENTS, periods, 8)
        yield Point("days", periods * 8, "100,000 indicators by index", _answer(lake, USUAL_ASKED))
        for work, seconds in _few(lake):
            yield Point("days", periods * 8, work, seconds)
        shutil.rmtree(folder / "lake")


WIDTH, HEIGHT, LEFT, TOP = 300, 200, 50, 30
COLOURS = ("#1b6ca8", "#b3541e", "#2e7d32", "#6a1b9a")


def picture(points: list[Point]) -> str:
    """Return the points as an SVG: a field for each thing that grows, both axes logarithmic."""
    fields = []
    for place, grows in enumerate(("events", "indicators", "days")):
        here = [point for point in points if point.grows == grows]
        fields.append(f'<g transform="translate({place * (WIDTH + 40)},0)">{_field(grows, here)}</g>')
    works = list(dict.fromkeys(point.work for point in points if point.grows == "events"))
    legend = "".join(
        f'<text x="{LEFT + 480 * (number % 2)}" y="{TOP + HEIGHT + 50 + 18 * (number // 2)}" fill="{COLOURS[number]}">'
        f"■ {work}</text>"
        for number, work in enumerate(works)
    )
    size = f'width="{3 * (WIDTH + 40) + 20}" height="{TOP + HEIGHT + 90}"'
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}><title>CPU seconds</title>{"".join(fields)}{legend}</svg>\n'


def _field(grows: str, points: list[Point]) -> str:
    sizes = sorted({point.size for point in points})
    low, high = log10(sizes[0]), log10(sizes[-1])

    def x(size: int) -> float:
        return LEFT + (log10(size) - low) / (high - low) * (WIDTH - LEFT)

    def y(seconds: float) -> float:
        return TOP + HEIGHT - (log10(max(seconds, 0.01)) + 2) / 4 * HEIGHT  # 0.01 to 100 s

    parts = [f'<text x="{LEFT}" y="{TOP - 12}">CPU seconds by {grows}</text>']
    for power in range(-2, 3):
        at = y(10.0**power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    parts += [f'<text x="{x(size):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{size:,}</text>' for size in sizes]
    works = ["100,000 indicators by index", *dict.fromkeys(point.work for point in points)]
    works = [work for work in dict.fromkeys(works) if any(point.work == work for point in points) or work == works[0]]
    for number, work in enumerate(works):
        line = [(x(point.size), y(point.seconds)) for point in points if point.work == work]
        if line:
            colour = COLOURS[0 if work == "by index" else number]
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in line)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in line]
    return "".join(parts)


def main() -> None:
    """Measure, draw, print."""
    with tempfile.TemporaryDirectory() as place:
        points = []
        for point in measure(Path(place)):
            print(f"{point.grows} {point.size:,}: {point.work}, {point.seconds:.2f} s", file=sys.stderr, flush=True)
            points.append(point)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs" / "index.svg"
    target.write_text(picture(points), "utf-8")
    print(machine())
    print("| grows | work | sizes | CPU seconds |\n|---|---|---|---|")
    for grows, work in dict.fromkeys((point.grows, point.work) for point in points):
        line = [point for point in points if (point.grows, point.work) == (grows, work)]
        sizes, seconds = (
            " / ".join(texts) for texts in ([f"{p.size:,}" for p in line], [f"{p.seconds:.2f}" for p in line])
        )
        print(f"| {grows} | {work} | {sizes} | {seconds} |")


if __name__ == "__main__":
    main()
