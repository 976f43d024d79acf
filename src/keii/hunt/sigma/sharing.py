"""Rules asked of a large lake by two processes, each of its own files; the answers are those of one process."""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from keii.hunt.sigma.gathering import Gathered, Matches
from keii.hunt.sigma.kept import Answer, answer_of, joined
from keii.hunt.sigma.matching import Engine
from keii.hunt.sigma.rules import Rule
from keii.hunt.sigma.scanning import found
from keii.hunt.sigma.tally import Tally
from keii.lake.store import Lake, LakeFile

PAYS_FROM = 6 * 1024**2  # bytes of files before a second process, which takes half a second to start, pays
A_FILE = 8 * 1024  # bytes: opening a file costs as much as reading these
MOST_PROCESSES = 2  # each holds up to some hundred MB


def ask(
    lake: Lake,
    rules: Sequence[Rule],
    chosen: Sequence[int],
    gathered: Gathered,
    most: int,
    processes: int | None = None,
) -> dict[int, Answer]:
    """Return the answers to some rules, by their numbers, and gather what correlations rest on.

    Args:
        lake: the events.
        rules: all rules.
        chosen: the numbers of those to ask.
        gathered: takes the matches that correlations rest on.
        most: the matches that an answer carries.
        processes: None decides by the size of the lake; the answers do not depend on it.

    Raises:
        LakeError: an event file is damaged.
    """
    if not chosen:
        return {}
    if processes is None:
        processes = min(MOST_PROCESSES, os.cpu_count() or 1) if _weight(lake.files) >= PAYS_FROM else 1
    own, *others = _parts(lake, processes)
    if not others:
        return _of_part(own, rules, chosen, gathered, most)
    with ProcessPoolExecutor(len(others), mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(_elsewhere, part, rules, chosen, gathered.needed, most) for part in others]
        answers = _of_part(own, rules, chosen, gathered, most)
        for part, future in zip(others, running, strict=True):
            try:
                theirs, matches = future.result()
            except BrokenProcessPool:  # no process can be started here, or it was killed: then by this one
                theirs = _of_part(part, rules, chosen, gathered, most)
            else:
                gathered.join(matches)
            answers = {number: joined(answer, theirs[number], most) for number, answer in answers.items()}
    return answers


def _parts(lake: Lake, count: int) -> list[Lake]:
    """Return the lake in parts of about the same size; at least one, none of them empty but the first."""
    parts: list[list[LakeFile]] = [[] for _ in range(max(count, 1))]
    weights = [0] * len(parts)
    for file in sorted(lake.files, key=lambda one: (-one.bytes, one.path)):
        lightest = weights.index(min(weights))
        parts[lightest].append(file)
        weights[lightest] += _weight([file])
    first, *others = parts
    return [Lake(lake.root, first), *(Lake(lake.root, files) for files in others if files)]


def _weight(files: Sequence[LakeFile]) -> int:
    return sum(file.bytes + A_FILE for file in files)


def _elsewhere(
    lake: Lake, rules: Sequence[Rule], chosen: Sequence[int], needed: dict[str, set[str]], most: int
) -> tuple[dict[int, Answer], Matches]:
    """Do a part's work in a process of its own."""
    gathered = Gathered(rules, needed)
    return _of_part(lake, rules, chosen, gathered, most), gathered.all()


def _of_part(
    lake: Lake, rules: Sequence[Rule], chosen: Sequence[int], gathered: Gathered, most: int
) -> dict[int, Answer]:
    engine = Engine([rules[number] for number in chosen])
    wanted = gathered.columns()
    engine.also_read({place: wanted[number] for place, number in enumerate(chosen) if number in wanted})
    tallies: dict[int, Tally] = defaultdict(lambda: Tally(most))
    for one in found(lake, engine):
        hits = [hit._replace(rule=chosen[hit.rule]) for hit in one.hits]
        gathered.add(one.chunk, hits, one.places, one.every)
        for place, rows in one.rows.items():
            tallies[place].add(one.places, np.searchsorted(one.every, rows))
    return {
        number: answer_of(tallies.get(place), engine.noted(place, asked=True), engine.noted(place, asked=False))
        for place, number in enumerate(chosen)
    }
