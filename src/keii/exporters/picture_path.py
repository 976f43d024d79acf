"""The path as a picture: machines from left to right as they were reached, arrows numbered in order of time."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from keii.exporters.shown import minute
from keii.exporters.svg import Picture, shortened
from keii.model import Hop
from keii.model.report import Report
from keii.wording import Lang, say

_BOX, _HEIGHT, _GAP_X, _GAP_Y = 168, 46, 118, 34
_MOST = 40  # steps drawn; the table holds them all


def draw(report: Report, lang: Lang) -> Markup | None:
    """Return the picture, None where there is neither a step nor an infected machine."""
    hops = _merged(report.trace.hops)[:_MOST]
    infected = {i.host: i for i in report.trace.infections}
    if not hops and not infected:
        return None
    layers = _layers(hops, list(infected))
    place: dict[str, tuple[float, float]] = {}
    for column, hosts in enumerate(layers):
        for row, host in enumerate(hosts):
            place[host] = (12 + column * (_BOX + _GAP_X), 30 + row * (_HEIGHT + _GAP_Y))
    width = 24 + len(layers) * _BOX + (len(layers) - 1) * _GAP_X
    height = 50 + max(len(hosts) for hosts in layers) * (_HEIGHT + _GAP_Y)
    picture = Picture(max(width, 420), height, say("html.path", lang))
    picture.arrowhead()
    for (source, target), steps in _pairs(hops).items():
        _arrow(picture, steps, place[source], place[target], report)
    first = report.trace.first_hosts[0].host if report.trace.first_hosts else ""
    for host, (x, y) in place.items():
        own = infected.get(host)
        style = "box first" if host == first else "box infected" if own else "box"
        picture.rect(x, y, _BOX, _HEIGHT, style, host, 6)
        picture.text(x + 10, y + 19, shortened(host, 20), "host")
        since = (
            minute(own.first, report)
            if own
            else minute(min((h.first for h in hops if h.target_host == host), default=None), report)
        )
        picture.text(x + 10, y + 36, since, "since")
    return picture.done()


def _merged(hops: Sequence[Hop]) -> list[Hop]:
    """Return the first step of every (from, to, how, user), in order of time."""
    seen: dict[tuple[str, str, str, str | None], Hop] = {}
    for hop in sorted(hops, key=lambda h: h.first):
        seen.setdefault((hop.source_host, hop.target_host, hop.how, hop.user), hop)
    return list(seen.values())


def _layers(hops: Sequence[Hop], infected: Sequence[str]) -> list[list[str]]:
    """Return hosts by how many steps after the start of their chain they were first reached."""
    depth: dict[str, int] = {}
    for hop in hops:
        start = depth.setdefault(hop.source_host, 0)
        depth.setdefault(hop.target_host, start + 1)
    for host in infected:
        depth.setdefault(host, 0)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for host, layer in depth.items():
        layers[layer].append(host)
    return [layer for layer in layers if layer]


def _pairs(hops: Sequence[Hop]) -> dict[tuple[str, str], list[tuple[int, Hop]]]:
    """Return the numbered steps of every pair: one arrow carries them all."""
    pairs: dict[tuple[str, str], list[tuple[int, Hop]]] = {}
    for number, hop in enumerate(hops, start=1):
        pairs.setdefault((hop.source_host, hop.target_host), []).append((number, hop))
    return pairs


def _arrow(
    picture: Picture,
    steps: Sequence[tuple[int, Hop]],
    source: tuple[float, float],
    target: tuple[float, float],
    report: Report,
) -> None:
    utc = " UTC" if report.zone == "UTC" else ""
    (x1, y1), (x2, y2) = source, target
    if x2 > x1:
        start, end = (x1 + _BOX, y1 + _HEIGHT / 2), (x2 - 2, y2 + _HEIGHT / 2)
        bend = (end[0] - start[0]) / 2
        curve = (
            f"M{start[0]:.0f} {start[1]:.0f}C{start[0] + bend:.0f} {start[1]:.0f} "
            f"{end[0] - bend:.0f} {end[1]:.0f} {end[0]:.0f} {end[1]:.0f}"
        )
        label = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 6)
    else:
        start, end = (x1 + _BOX / 2, y1), (x2 + _BOX / 2, y2 - 2)
        top = min(y1, y2) - 24
        curve = (
            f"M{start[0]:.0f} {start[1]:.0f}C{start[0]:.0f} {top:.0f} {end[0]:.0f} {top:.0f} {end[0]:.0f} {end[1]:.0f}"
        )
        label = ((start[0] + end[0]) / 2, top + 10)
    title = "; ".join(
        f"{hop.source_host} → {hop.target_host} {hop.how} {hop.user or '?'} {minute(hop.first, report)}{utc}"
        for _, hop in steps
    )
    picture.curve(curve, "step half" if all(hop.missing for _, hop in steps) else "step", title)
    words = ", ".join(f"{number} {hop.how}" for number, hop in steps)
    picture.text(label[0], label[1], shortened(words, 18), "how", "middle")
