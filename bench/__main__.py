"""``python -m bench [--quick]``: every benchmark in order, a table, and the same as JSON in ``bench/out``."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import rita, windows
from bench.large import prepare
from bench.measure import Figure, Row, compare, machine
from bench.work import unpack_evtx
from keii.simulate import simulate

SHELF = Path(os.environ.get("KEII_SHELF", Path(__file__).resolve().parents[2] / "shared" / "data"))

# work, unit, what stands beside it, its name in bench.work
BENCHES = (
    ("zeek conn TSV", "event", "DuckDB read_csv, text only", "duckdb read_csv"),
    ("Windows JSON", "event", "json.loads, no columns", "json.loads, Windows"),
    ("EVTX", "event", "evtx package to JSON, decoded", "evtx package to JSON, decoded"),
    ("Squid", "event", "one regular expression a line", "re per line"),
    ("Suricata EVE", "event", "json.loads, no columns", "json.loads, Suricata"),
    ("ingest with index", "event", "", None),
    ("hunt, 1,000 indicators", "event", "one query per indicator and row, 20 asked, scaled", "one query per indicator"),
    (
        "zeek conn.log.gz to lake with index",
        "event",
        "zcat, DuckDB read_csv to Parquet",
        "zcat, DuckDB read_csv to Parquet",
    ),
    ("index of made traffic, CPU", "event", "DuckDB, sorted distinct values to Parquet", "DuckDB distinct values, CPU"),
    (
        "100,000 indicators by index",
        "event",
        "ripgrep or grep -F, a slice as text",
        "grep -F of a slice, 100,000",
    ),
    (
        "100,000 indicators without index",
        "event",
        "one query a kind, per row, no networks",
        "one query a kind and row, 100,000",
    ),
    ("1,000,000 indicators by index", "event", "", None),
    ("20 indicators by index", "event", "one query a kind, per row, no networks", "one query a kind and row, 20"),
    (
        "20 indicators, all evidence and coverage",
        "event",
        "one query a kind, per row, no networks",
        "one query a kind and row, 20",
    ),
    ("text to claims", "character", "", None),
    ("dates in Japanese text", "character", "ja-timex", "ja-timex"),
    ("dates in English text", "character", "dateparser, search_dates", "dateparser search"),
    ("pages to documents", "page", "trafilatura with metadata", "trafilatura with metadata"),
    *windows.BENCHES,
    ("RITA's formula", "connection", "RITA's formula, pair by pair", "RITA's formula, pair by pair"),
    ("whole demo", "event", "", None),
)

_SECONDS_EACH = ("made traffic", " index", "all evidence")
LARGE = tuple(one[0] for one in BENCHES if any(word in one[0] for word in _SECONDS_EACH) and "ingest" not in one[0])
ONCE = ("whole demo", *LARGE, *(one[0] for one in windows.BENCHES))  # run once, so that all stays within five minutes


def main() -> None:
    """Run them all."""
    quick = "--quick" in sys.argv
    rows: list[Row] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        print(machine(), flush=True)
        simulate(folder / "made", scale="300000" if quick else "demo", seed=1)
        prepare(folder, scale=0.1 if quick else 1.0)
        absent = windows.absent() | (set() if unpack_evtx(SHELF, folder) else {"EVTX"})
        eve = SHELF / "suricata" / "slips-test6.eve.json.gz"
        if eve.is_file():
            (folder / "slips.json").write_bytes(gzip.decompress(eve.read_bytes()) * (2 if quick else 20))
        else:
            absent.add("Suricata EVE")
        print(f"{'work':40} {'rows':>12} {'rows/s':>12} {'peak MB':>8} {'beside':50} {'rows/s':>12} {'ratio':>7}")
        for name, unit, beside, other in BENCHES:
            if name in absent:
                print(f"{name:40} no data shelf at {SHELF} (set KEII_SHELF)", flush=True)
                continue
            try:
                row = compare(name, unit, beside, other, 1 if quick or name in ONCE else 3, str(folder))
            except RuntimeError as error:
                failed.append(name)
                print(f"{name:40} failed: {error}", flush=True)
                continue
            rows.append(row)
            print(_line(row), flush=True)
    _scores()
    print("\n".join(rita.agreement()), flush=True)
    out = Path(__file__).parent / "out"
    out.mkdir(exist_ok=True)
    told = [
        {**row._asdict(), "keii": row.keii._asdict(), "other": row.other._asdict() if row.other else None}
        for row in rows
    ]
    (out / "figures.json").write_text(json.dumps({"machine": machine(), "rows": told}, indent=1), "utf-8")
    sys.exit(1 if failed else 0)


def _scores() -> None:
    """Print recall and precision against truths that the tests hold: vendor reports (shelf) and marked articles (own)."""
    for words, where in (("recall_and_precision", "tests/readers/intel"), ("marked_claims", "tests/claims")):
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", where, "-k", words]
        said = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1]
        ).stdout
        found = [line.lstrip(".s") for line in said.splitlines() if "recall" in line]
        print(f"{where}: " + ("; ".join(found) or "no figure (data shelf absent?)"), flush=True)


def _rate(figure: Figure) -> float:
    return figure.rows / figure.seconds if figure.seconds else 0.0


def _line(row: Row) -> str:
    other = f"{_rate(row.other):12,.0f} {_rate(row.keii) / _rate(row.other):7.2f}" if row.other else ""
    return f"{row.work:40} {row.keii.rows:12,.0f} {_rate(row.keii):12,.0f} {row.keii.megabytes:8,.0f} {row.beside:50} {other}"


if __name__ == "__main__":
    main()
