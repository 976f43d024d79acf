"""The report in every format and language: complete, escaped, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import msgspec
import pytest

from keii.errors import UsageError
from keii.exporters import EXPORTERS, render
from keii.exporters.chronology import as_csv, as_markdown
from keii.exporters.sections_time import over_time
from keii.model.trace import FirstHost, Reason
from keii.report import Parts, compose
from tests.report.build import EVIL, parts

REPORT = compose(parts())
FORMS = [(exporter.id, lang) for exporter in EXPORTERS for lang in ("en", "ja")]


class Tags(HTMLParser):
    """Collects tags, attributes and ids of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value and value != "arrow":
                self.ids.append(value)
            if name == "href" and value:
                self.links.add(value)


@pytest.mark.parametrize(("form", "lang"), FORMS)
def test_every_format_is_the_same_each_time_and_holds_the_numbers(form: str, lang: str) -> None:
    first = render(form, REPORT, lang)
    assert first == render(form, compose(parts()), lang)
    text = first.decode("utf-8")
    for word in ("412", "c2.example", "psexec", "203.0.113.9"):
        assert word.replace(".", r"\.") in text or word in text


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_page_has_no_script_no_network_and_every_link_leads_somewhere(lang: str) -> None:
    page = render("html", REPORT, lang).decode("utf-8")
    tags = Tags(page)
    assert not tags.tags & {"script", "iframe", "img", "link", "object", "form", "input"}
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("style", "src")}
    assert all(link.startswith("#") for link in tags.links)
    assert {link[1:] for link in tags.links} <= set(tags.ids) | {
        "f-" + link[3:] for link in tags.links if link.startswith("#f-")
    }
    assert len(tags.ids) == len(set(tags.ids))
    assert "default-src 'none'" in page
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_markdown_from_evidence_stays_text() -> None:
    text = render("md", REPORT, "en").decode("utf-8")
    assert "<script>" not in text
    assert "\\<script\\>" in text
    assert "\u202e" not in text


def test_json_is_versioned_and_whole() -> None:
    held = json.loads(render("json", REPORT, "en"))
    assert held["format"] == "keii-report/1"
    assert len(held["trace"]["files"]) == 412
    assert held["claims"][0]["quote"] == "412件"
    assert held["case"] == EVIL


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    assert re.search(r"Showing 50 of 412", render("html", REPORT, "en").decode("utf-8"))


def test_an_empty_case_says_none_everywhere() -> None:
    empty = compose(Parts(case="empty"))
    for form, lang in FORMS:
        assert render(form, empty, lang)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="expected one of html, md, json"):
        render("doc", REPORT, "en")


def test_a_category_is_a_word_wherever_a_person_reads() -> None:
    for form, lang in FORMS:
        if form != "json":
            text = render(form, REPORT, lang).decode("utf-8")
            assert "data-exfiltration" not in text
            assert {"en": "data taken out", "ja": "外部への流出"}[lang] in text


def test_times_stand_in_the_zone_of_the_case() -> None:
    held = msgspec.structs.replace(parts(), zone="Asia/Tokyo")
    page = render("html", compose(held), "en").decode("utf-8")
    assert "2019-03-05 10:42 +09:00" in page
    assert "2019-03-05 01:42" not in page
    assert "times in Asia/Tokyo" in page


def test_the_ranking_of_the_first_machine_is_told_with_what_speaks_against_it() -> None:
    ranked = FirstHost(
        host="PC1",
        score=0.9,
        earliest="2019-03-05T01:42:00+00:00",
        speaks_for=(Reason(why="first.earliest", facts={"at": "2019-03-05T01:42:00+00:00"}),),
        speaks_against=(Reason(why="first.log-begins", facts={"day": "2019-03-05"}),),
    )
    noted = Reason(why="trace.inferred-networks", facts={"blocks": EVIL})
    held = parts()
    found = msgspec.structs.replace(held.trace, first_hosts=(ranked,), hops=(), notes=(noted, noted))
    report = compose(msgspec.structs.replace(held, trace=found, zone="Asia/Tokyo"))
    for form in ("html", "md"):
        text = render(form, report, "en").decode("utf-8").replace("\\", "")
        assert "its sign of 2019-03-05 10:42 +09:00 is the earliest of all" in text
        assert "its own log begins only on 2019-03-05" in text
        assert text.count("own networks inferred from the logs") == 2  # told though there is no step


def test_a_case_without_logs_says_so_and_shows_no_empty_tables() -> None:
    held = parts()
    bare = compose(Parts(case="x", documents=held.documents, claims=held.claims[:3], changes=held.changes))
    for form, lang in FORMS[:4]:
        text = render(form, bare, lang).decode("utf-8")
        assert {"en": "No logs were added", "ja": "ログが追加されていない"}[lang] in text
        assert {"en": "Machines with signs", "ja": "痕跡のある端末"}[lang] not in text


def test_the_chronology_as_csv_opens_in_a_spreadsheet_without_running() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(REPORT, "en").decode("utf-8"))))
    assert rows[0][:4] == ["No", "published", "updated", "publisher"]
    assert len(rows) == 1 + len(REPORT.chronology)
    formula = msgspec.structs.replace(REPORT.chronology[0], title="=HYPERLINK(1)")
    hostile = msgspec.structs.replace(REPORT, chronology=(formula,))
    assert "'=HYPERLINK(1)" in as_csv(hostile, "ja").decode("utf-8")


def test_the_chronology_as_markdown_is_one_table() -> None:
    text = as_markdown(REPORT, "ja").decode("utf-8")
    assert text.startswith("## 公表の時系列\n")
    assert "<script>" not in text


def test_over_time_has_a_row_a_topic_and_a_column_a_publication() -> None:
    made = over_time(REPORT, "en")
    assert [row[0].text for row in made.rows] == ["files affected", "leak of data"]
    assert len(made.columns) == 4
    files, leak = made.rows
    assert [line.mark for line in files[1].lines] == ["new"]
    assert [line.mark for line in files[2].lines] == ["more exact"]
    assert leak[1].text == ""
    assert [line.text for line in leak[3].lines] == ["data taken out (not confirmed) — Alpha"]
    assert len(files[3].lines) == 2
    assert leak[2].lines[0].tone == "not-verifiable"
