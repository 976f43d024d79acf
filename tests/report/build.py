"""A small case as the stages would hand it to the report, with hostile names in it."""

from __future__ import annotations

from keii.checks import Claims, check, check_statement
from keii.checks.changes import changes
from keii.checks.reliability import rate
from keii.model import (
    Category,
    CoverageCell,
    Date,
    FileTouch,
    FirstHost,
    Hop,
    HuntCoverage,
    Indicator,
    Infection,
    Locator,
    Match,
    Number,
    Reason,
    Searched,
    Tampering,
    Trace,
    Transfer,
)
from keii.model.claim import Claim
from keii.model.report import SourceEntry
from keii.report import Parts
from tests.checks.build import document, moment

EVIL = '<script>alert(1)</script>"\u202eevil\x1b[2J'
LOCATOR = Locator(source="s-1", record=7, record_id="Cx")


def parts() -> Parts:
    """Return a case with every part filled."""
    statement = document(
        {
            "name": "statement.html",
            "kind": "statement",
            "publisher": "Alpha",
            "title": EVIL,
            "text": "412件のファイルに不正アクセスがありました。流出は確認されておりません。",
            "said": "2021-02-04",
        }
    )
    paper = document({"name": "paper.html", "kind": "news", "publisher": EVIL, "text": "x", "said": "2021-02-03"})
    claims = [
        Claim(
            id="c-files", source="statement.html", basis="stated", topic="affected.files", value=Number(num=412, unit="file"),
            speaker="Alpha", quote="412件", start=0, end=4, published=moment("2021-02-04"),
        ),
        Claim(
            id="c-leak", source="statement.html", basis="stated", topic="leak.occurred", polarity="not-confirmed",
            state="not-established", value=Category(cat="data-exfiltration"), speaker="Alpha", quote="流出", start=22, end=24,
            published=moment("2021-02-04"),
        ),
        Claim(
            id="c-paper", source="paper.html", basis="stated", topic="affected.files", value=Number(num=400, unit="file"),
            approximation="about", speaker=EVIL, quote=EVIL, published=moment("2021-02-03"),
        ),
        Claim(
            id="c-start", source="zeek.log", basis="observed", topic="time.intrusion_start", value=Date(edtf="2019-03-05"),
            moment=moment("2019-03-05"), speaker="log:zeek.log", locators=(LOCATOR,), note=EVIL,
        ),
        Claim(
            id="c-erased", source="fs.json", basis="observed", topic="log.erased", value=Category(cat="erased"),
            about="FS02", speaker="log:fs.json", locators=(LOCATOR,), note="Security log cleared",
        ),
    ]  # fmt: skip
    held = Claims(claims, [statement, paper])
    return Parts(
        case=EVIL,
        victim="Alpha",
        as_of="2026-01-01T00:00:00+00:00",
        sources=[
            SourceEntry(id="s-1", name=EVIL, kind="log", reader="zeek", sha256="0" * 64, size=1, status="read", events=9, skipped=1),
            SourceEntry(id="s-2", name="cut.evtx", kind="log", reader="", sha256="1" * 64, size=1, status="unreadable", events=0, skipped=0, error="cut"),
        ],
        documents=[statement, paper],
        claims=claims,
        findings=check(held),
        changes=changes(held, check(held)),
        ratings=rate(held),
        verdicts=check_statement(statement, held),
        matches=[
            Match(
                id="m-1", indicator=Indicator(kind="domain", value="c2.example", as_written="c2[.]example", source="s-3", source_name="report.txt", sentence=EVIL),
                host="10.0.0.5", table="dns", column="query", values=("a.c2.example",), first_seen="2019-03-05T01:42:24.000000+00:00",
                last_seen="2019-03-06T01:42:24.000000+00:00", events=3, locators=(LOCATOR,),
            )
        ],
        hunt=HuntCoverage(
            searched=(Searched(table="dns", events=100, host_days=12, first="2019-03-01T00:00:00+00:00", last="2019-03-09T00:00:00+00:00", kinds=("domain",)),),
            not_searchable=("dns: no events 2019-03-07",), not_applicable=(), indicators={"domain": 1}, not_hunted={},
        ),
        trace=Trace(
            infections=(Infection(host="PC1", addresses=("10.0.0.5",), first="2019-03-05T01:42:24.000000+00:00", last="2019-03-09T00:00:00.000000+00:00", destinations=(EVIL,), matches=("m-1",), events=3, bytes_out=1200),),
            hops=(
                Hop(source_host="PC1", target_host=EVIL, user="adm", how="psexec", technique="T1569.002", first="2019-03-06T00:00:00.000000+00:00", last="2019-03-06T00:00:00.000000+00:00", target_records=(LOCATOR,), missing=("source",)),
                Hop(source_host=EVIL, target_host="PC1", user=None, how="rdp", technique="T1021.001", first="2019-03-07T00:00:00.000000+00:00", last="2019-03-07T00:00:00.000000+00:00"),
            ),
            first_hosts=(FirstHost(host="PC1", score=0.9, speaks_against=(Reason(why="common.unknown"),), earliest="2019-03-05T01:42:24.000000+00:00"),),
            files=tuple(FileTouch(path=f"a\\{n}.pdf", server="FS02", operations=("read",), first="2019-03-08T00:00:00.000000+00:00") for n in range(412)),
            transfers=(Transfer(host="PC1", destination="203.0.113.9", first="2019-03-09T00:00:00.000000+00:00", last="2019-03-09T01:00:00.000000+00:00", connections=2, bytes_out=618_200_000, bytes_in=1),),
            tampering=(Tampering(kind="cleared", host="FS02", log="Security", at="2019-03-10T00:00:00.000000+00:00", user=EVIL, locators=(LOCATOR,)),),
            coverage=tuple(
                CoverageCell(host="FS02", log="Security", day=f"2019-03-{day:02d}", state="erased" if 4 < day < 9 else "present", events=day)
                for day in range(1, 12)
            ),
        ),
    )  # fmt: skip
