"""Sigma rules over real Windows events of the data shelf: rules made ready, first runs from raw files, later hunts."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from pathlib import Path

from bench.measure import timed, work

SHELF = Path(os.environ.get("KEII_SHELF", Path(__file__).resolve().parents[2] / "shared" / "data"))
RULES = SHELF / "sigma" / "sigma-rules.zip"
EVIDENCE = {"EVTX": SHELF / "evtx", "Windows JSON": SHELF / "windows-json"}
BENCHES = (
    ("Sigma rules ready, cold", "rule", "pySigma alone", "pySigma alone"),
    ("Sigma rules ready, cached", "rule", "pySigma alone", "pySigma alone"),
    ("Sigma over EVTX, first run", "event", "", None),
    ("Sigma over EVTX, later hunt", "event", "", None),
    ("Sigma over Windows JSON, first run", "event", "", None),
    ("Sigma over Windows JSON, later hunt", "event", "", None),
)


def absent() -> set[str]:
    """Return the names of the works for which the shelf holds nothing."""
    rules = RULES.is_file()
    return {name for name, *_ in BENCHES if not rules} | {
        name for name, *_ in BENCHES for kind, path in EVIDENCE.items() if f"over {kind}," in name and not path.is_dir()
    }


@work("Sigma rules ready, cold")
def rules_cold(folder: Path) -> None:
    """Load all rules and keep the plan."""
    shutil.rmtree(folder / "plan", ignore_errors=True)
    _ready(folder)


@work("Sigma rules ready, cached")
def rules_cached(folder: Path) -> None:
    """Load all rules from the plan of the cold run."""
    _ready(folder)


def _ready(folder: Path) -> None:
    from keii.hunt.sigma.plan import prepare

    start = time.perf_counter()
    timed(start, len(prepare([RULES], kept_in=folder / "plan").rules))


@work("pySigma alone")
def plain_pysigma(_folder: Path) -> None:
    """Parse the same rules with pySigma and nothing else."""
    from sigma.collection import SigmaCollection

    start = time.perf_counter()
    rows = 0
    with zipfile.ZipFile(RULES) as archive:
        for name in archive.namelist():
            if name.endswith(".yml"):
                text = archive.read(name).decode("utf-8")
                rows += len(SigmaCollection.from_yaml(text, collect_errors=True).rules)
    timed(start, rows)


def _over(kind: str) -> None:
    place = f"rules-{kind.replace(' ', '-')}"

    @work(f"Sigma over {kind}, first run")
    def first(folder: Path) -> None:
        from keii.case.case import Case
        from keii.ingest import Quiet, ingest
        from keii.rule_hunt import hunt_by_rules

        shutil.rmtree(folder / place, ignore_errors=True)
        start = time.perf_counter()
        with Case.create(folder / place, "bench") as case:
            case.add([EVIDENCE[kind]], link=True)
            events = ingest(case, Quiet()).events
        hunt_by_rules([folder / place], [RULES], Quiet())
        timed(start, events)

    @work(f"Sigma over {kind}, later hunt")
    def later(folder: Path) -> None:
        from keii.ingest import Quiet
        from keii.rule_hunt import hunt_by_rules

        start = time.perf_counter()
        found = hunt_by_rules([folder / place], [RULES], Quiet())
        timed(start, sum(one.events for one in found.hunted.searched))


for _kind in EVIDENCE:
    _over(_kind)
