"""The pieces of work: ``python -m bench.work NAME FOLDER``. Each prints its rows and its own seconds."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import large, rita, windows  # noqa: F401 - their works are named by being imported
from bench.measure import WORK, timed, told, work


def _read(reader: str, paths: list[Path]) -> int:
    from keii.model import Source
    from keii.readers.logs import READERS, Batch

    read = next(one.read for one in READERS if one.id == reader)
    rows = 0
    for path in paths:
        with path.open("rb") as data:
            for item in read(data, Source(id="s-0", name=path.name, sha256="")):
                rows += item.rows.num_rows if isinstance(item, Batch) else 0
    return rows


def _reader(name: str, reader: str, pattern: str) -> None:
    @work(name)
    def run(folder: Path) -> None:
        paths = sorted(folder.glob(pattern))
        start = time.perf_counter()
        timed(start, _read(reader, paths))


_reader("zeek conn TSV", "zeek", "made/logs/zeek/*/conn.log")
_reader("Windows JSON", "windows-json", "made/logs/windows/*.json")
_reader("Squid", "squid", "made/logs/squid/*/access.log")
_reader("Suricata EVE", "suricata", "slips.json")
_reader("EVTX", "evtx", "evtx/*.evtx")


def _lines(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as data:
            yield from data


@work("duckdb read_csv")
def duckdb_csv(folder: Path) -> None:
    """Parse the same conn logs with DuckDB's CSV reader."""
    import duckdb

    start = time.perf_counter()
    paths = [str(path) for path in sorted(folder.glob("made/logs/zeek/*/conn.log"))]
    table = duckdb.read_csv(paths, sep="\t", skiprows=8, header=False, all_varchar=True, quotechar="").to_arrow_table()
    timed(start, table.num_rows)


@work("json.loads, Windows")
def plain_windows(folder: Path) -> None:
    """Decode the same lines with the standard library and nothing else."""
    start = time.perf_counter()
    timed(start, len([json.loads(line) for line in _lines(sorted(folder.glob("made/logs/windows/*.json")))]))


@work("json.loads, Suricata")
def plain_suricata(folder: Path) -> None:
    """Decode the same lines with the standard library and nothing else."""
    start = time.perf_counter()
    timed(start, len([json.loads(line) for line in _lines([folder / "slips.json"])]))


@work("re per line")
def plain_squid(folder: Path) -> None:
    """Split the same lines with one regular expression."""
    pattern = re.compile(rb"(\S+)\s+(\d+) (\S+) (\S+) (\d+) (\S+) (\S+) (\S+) (\S+) (\S+)")
    start = time.perf_counter()
    found = [pattern.match(line) for line in _lines(sorted(folder.glob("made/logs/squid/*/access.log")))]
    timed(start, sum(one is not None for one in found))


@work("evtx package to JSON, decoded")
def plain_evtx(folder: Path) -> None:
    """Render the same files with the evtx package and decode them with the standard library."""
    from evtx import PyEvtxParser

    start = time.perf_counter()
    rows = 0
    for path in sorted(folder.glob("evtx/*.evtx")):
        records = PyEvtxParser(str(path)).records_json()
        while True:
            try:
                record = next(records)
            except StopIteration:
                break
            except RuntimeError:
                continue
            json.loads(record["data"])
            rows += 1
    timed(start, rows)


def _case(folder: Path, name: str) -> object:
    from keii.case.case import Case

    shutil.rmtree(folder / name, ignore_errors=True)
    case = Case.create(folder / name, "bench")
    case.add([folder / "made" / "logs"], link=True)
    return case


@work("ingest with index")
def ingest_all(folder: Path) -> None:
    """Read a whole made breach into a lake with its index, two processes."""
    from keii.ingest import Quiet, ingest

    case = _case(folder, "case")
    start = time.perf_counter()
    report = ingest(case, Quiet())  # type: ignore[arg-type]
    timed(start, report.events)


def _indicators(count: int) -> list[object]:
    from keii.model import Indicator

    values = [("domain", f"host{n}.absent.example") for n in range(count // 2)]
    values += [("ip", f"198.18.{n // 256 % 256}.{n % 256}") for n in range(count - len(values) - 2)]
    values += [("domain", "status.metric-relay.example"), ("ip", "203.0.113.77")]
    return [Indicator(kind=kind, value=v, as_written=v, source="s-i", source_name="list") for kind, v in values]  # type: ignore[arg-type]


@work("hunt, 1,000 indicators")
def hunt_all(folder: Path) -> None:
    """Hunt by index over the lake of ``ingest with index``."""
    from keii.case.case import Case
    from keii.hunt import hunt

    with Case.open(folder / "case") as case:
        lake = case.lake()
        start = time.perf_counter()
        found = hunt(lake, _indicators(1_000), ())  # type: ignore[arg-type]
        timed(start, sum(table.events for table in found.coverage.searched))


@work("one query per indicator")
def hunt_plain(folder: Path) -> None:
    """Ask DuckDB for 20 of the indicators one by one, per row, and scale to 1,000."""
    from keii.case.case import Case

    with Case.open(folder / "case") as case:
        connection = case.lake().connect()
        events = sum(file.rows for file in case.lake().files)
        asked = 20
        start = time.perf_counter()
        for indicator in _indicators(1_000)[:: 1_000 // asked]:
            value = indicator.value  # type: ignore[attr-defined]
            if indicator.kind == "ip":  # type: ignore[attr-defined]
                connection.execute(
                    "SELECT count(*) FROM network WHERE src_ip = ? OR dst_ip = ?", [value, value]
                ).fetchall()
            else:
                for table, column in (("dns", "query"), ("http", "hostname"), ("tls", "server_name")):
                    sql = f"SELECT count(*) FROM {table} WHERE {column} = ? OR {column} LIKE ?"
                    connection.execute(sql, [value, f"%.{value}"]).fetchall()
        seconds = (time.perf_counter() - start) * 1_000 / asked
        told(events, seconds)


@work("text to claims")
def claims(folder: Path) -> None:
    """Extract claims from the made articles; rows are characters."""
    from keii.claims import extract
    from keii.model import Source
    from keii.readers.documents import read

    documents = [
        read(path.read_bytes(), Source(id="s-0", name=path.name, sha256=""))
        for path in sorted(folder.glob("made/documents/*"))
    ]
    for document in documents:
        extract(document)
    start = time.perf_counter()
    for _ in range(20):
        for document in documents:
            extract(document)
    timed(start, 20 * sum(len(document.text) for document in documents))


def _texts(folder: Path, lang: str) -> Path:
    """Write the texts of the made articles and of the marked texts of the tests as files; return their folder."""
    import yaml

    from keii.model import Source
    from keii.readers.documents import read

    out = folder / f"texts-{lang}"
    if not out.is_dir():
        out.mkdir()
        for path in sorted(folder.glob("made/documents/*")):
            document = read(path.read_bytes(), Source(id="s-0", name=path.name, sha256=""))
            if document.lang == lang:
                (out / f"{path.stem}.txt").write_text(document.text, "utf-8")
        marked = Path(__file__).resolve().parents[1] / "tests" / "claims" / "texts"
        for path in sorted(marked.glob(f"{lang}*.yaml")):
            for entry in yaml.safe_load(path.read_text("utf-8")):
                (out / f"{entry['id']}.txt").write_text(entry["text"], "utf-8")
    return out


def _read_texts(folder: Path, lang: str) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(_texts(folder, lang).glob("*.txt"))]


def _dates(folder: Path, lang: str) -> None:
    from keii.moments import parse_dates
    from keii.readers.documents.times import find_times

    texts = _read_texts(folder, lang)
    reference = find_times("2020-01-31T18:00+09:00", lang)[0].moment
    start = time.perf_counter()
    for _ in range(10):
        for text in texts:
            for line in text.splitlines():
                parse_dates(line, lang, reference, "+09:00")
    timed(start, 10 * sum(map(len, texts)))


@work("dates in Japanese text")
def dates_japanese(folder: Path) -> None:
    """Find the dates of Japanese articles; rows are characters."""
    _dates(folder, "ja")


@work("dates in English text")
def dates_english(folder: Path) -> None:
    """Find the dates of English articles; rows are characters."""
    _dates(folder, "en")


@work("ja-timex")
def plain_ja_timex(folder: Path) -> None:
    """Find the dates of the same articles with ja-timex, in the environment that ``make bench`` makes for it."""
    root = Path(__file__).resolve().parents[1]
    python = root / ".venv-bench" / "bin" / "python"
    if not python.is_file():
        raise SystemExit("ja-timex is not there: run `make bench`")
    told = subprocess.run(
        [python, root / "bench" / "ja_timex_alone.py", _texts(folder, "ja")], check=True, capture_output=True, text=True
    )
    print(told.stdout.splitlines()[-1])


@work("dateparser search")
def plain_dateparser(folder: Path) -> None:
    """Find the dates of the same English articles with dateparser, the first few lines of each."""
    from dateparser.search import search_dates

    lines = [line for text in _read_texts(folder, "en") for line in text.splitlines()[:3] if line]
    start = time.perf_counter()
    for line in lines:
        search_dates(line, languages=["en"])
    timed(start, sum(map(len, lines)))


@work("pages to documents")
def pages(folder: Path) -> None:
    """Read the made pages with their times and quoted sources; rows are pages."""
    from keii.model import Source
    from keii.readers.documents import read

    paths = sorted(folder.glob("made/documents/*.html"))
    start = time.perf_counter()
    for path in paths * 5:
        read(path.read_bytes(), Source(id="s-0", name=path.name, sha256=""))
    timed(start, len(paths) * 5)


@work("trafilatura with metadata")
def plain_pages(folder: Path) -> None:
    """Extract the same pages with trafilatura alone, metadata included."""
    import trafilatura

    paths = sorted(folder.glob("made/documents/*.html"))
    start = time.perf_counter()
    for path in paths * 5:
        trafilatura.bare_extraction(path.read_text("utf-8"), with_metadata=True)
    timed(start, len(paths) * 5)


@work("whole demo")
def demo(_folder: Path) -> None:
    """Run ``keii demo`` as a person would; rows are events."""
    from keii.cli import main

    with tempfile.TemporaryDirectory() as place:
        sys.argv = ["keii", "demo", str(Path(place) / "demo")]
        start = time.perf_counter()
        stdout, sys.stdout = sys.stdout, io.StringIO()
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise
        finally:
            sys.stdout = stdout
        truth = json.loads((Path(place) / "demo/evidence/truth.json").read_text("utf-8"))
        timed(start, sum(truth["events"].values()))


def unpack_evtx(shelf: Path, folder: Path) -> bool:
    """Unpack event logs of the shelf into ``folder/evtx``; False where the shelf is absent."""
    archives = [shelf / "evtx" / name for name in ("benign-rathbun-w10.tar.xz", "evtx-attack-samples-dev.tar.xz")]
    if not all(archive.is_file() for archive in archives):
        return False
    (folder / "evtx").mkdir(exist_ok=True)
    for number, archive in enumerate(archives):
        with tarfile.open(archive) as members:
            for at, member in enumerate(members):
                data = members.extractfile(member) if member.name.lower().endswith(".evtx") else None
                if data:
                    (folder / "evtx" / f"{number}-{at}.evtx").write_bytes(data.read())
    return True


if __name__ == "__main__":
    WORK[sys.argv[1]](Path(sys.argv[2]))
