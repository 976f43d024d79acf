"""The report in every format and language: complete, escaped, the same bytes each time."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from keii.errors import UsageError
from keii.exporters import EXPORTERS, render
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
