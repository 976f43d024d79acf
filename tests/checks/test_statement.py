"""The statement check: every verdict, with the claims for and against and what limits it."""

from __future__ import annotations

from keii.checks import Claims, check_statement
from keii.checks.statement import sentences
from keii.claims import extract
from keii.model import Document, Embedded
from keii.wording import say
from tests.checks.build import claim, document

TEXT = (
    "当社のサーバーに保存された412件のファイルに不正アクセスがありました。これまで情報流出の被害は確認されておりません。\n"
    "侵入は2021年5月に始まりました。ご心配をおかけし、お詫び申し上げます。"
)
STATEMENT = document({"name": "s.txt", "kind": "statement", "publisher": "Alpha", "text": TEXT, "said": "2021-08-01"})


def _own(words: str, short: dict) -> dict:
    at = TEXT.index(words)
    return {"source": "s.txt", "speaker": "Alpha", "start": at, "end": at + len(words), "said": "2021-08-01", **short}


FILES = _own("412件", {"id": "files", "topic": "affected.files", "num": 412})
LEAK = _own(
    "情報流出", {"id": "leak", "topic": "leak.occurred", "cat": "data-exfiltration", "polarity": "not-confirmed"}
)
START = _own("2021年5月", {"id": "start", "topic": "time.intrusion_start", "date": "2021-05"})
LOG = {"basis": "observed", "source": "fs01.evtx", "speaker": "log:fs01.evtx"}


def _verdicts(*more: dict) -> list:
    built = [claim(at, short) for at, short in enumerate((FILES, LEAK, START, *more))]
    return list(check_statement(STATEMENT, Claims(built, [STATEMENT])))


def test_sentences_cover_the_text_and_keep_quotations_whole() -> None:
    text = "A社は「被害はない。調査も終えた。」と述べた。Dr. Ito agreed. It cost 3.5 million yen.\n次の行"
    found = [text[start:end] for start, end in sentences(text)]
    assert found == [
        "A社は「被害はない。調査も終えた。」と述べた。",
        "Dr. Ito agreed.",
        "It cost 3.5 million yen.",
        "次の行",
    ]


def test_logs_support_contradict_and_leave_open() -> None:
    verdicts = _verdicts(
        {"id": "seen", "topic": "affected.files", "num": 412, **LOG},
        {"id": "earlier", "topic": "time.intrusion_start", "date": "2020-11-03", **LOG},
        {"id": "wiped", "topic": "log.erased", "cat": "erased", "about": "FS01", "note": "Security cleared", **LOG},
    )
    assert [v.verdict for v in verdicts] == ["supported", "not-verifiable", "contradicted", "not-checkable"]
    assert verdicts[0].supporting == ("seen",)
    assert verdicts[1].limits[0][0] == "limit.erased"
    assert "leaves-open.not-established" in verdicts[1].leaves_open
    assert verdicts[2].contradicting == ("earlier",)
    assert all(say(v.why, lang, v.facts) for v in verdicts for lang in ("en", "ja"))


def test_whole_logs_that_show_nothing_support_a_negative() -> None:
    verdicts = _verdicts({"id": "seen", "topic": "affected.files", "num": 412, **LOG})
    assert verdicts[1].verdict == "supported"
    assert verdicts[1].why == "verdict.supported.nothing-found"


def test_an_observed_leak_contradicts_not_confirmed() -> None:
    verdicts = _verdicts({"id": "left", "topic": "leak.occurred", "cat": "data-exfiltration", **LOG})
    assert (verdicts[1].verdict, verdicts[1].contradicting) == ("contradicted", ("left",))


def test_without_any_evidence_nothing_is_checkable() -> None:
    assert {v.verdict for v in _verdicts()} == {"not-checkable"}


def test_a_statement_that_an_article_quotes_is_checked_too() -> None:
    said = "当社サーバーへの不正アクセスがありました。\n情報の流出は確認されておりません。\n"
    text = f"まとめ\n甲新聞は約300件が流出した疑いがあると報じた。\n当社の発表\n{said}"
    start = text.index(said)
    quoted = Embedded(id="e1", publisher="乙工業", kind="statement", spans=((start, start + len(said)),))
    page = Document(source="s", name="page.txt", text=text, lang="ja", kind="blog", embedded=(quoted,))
    verdicts = check_statement(page, Claims(extract(page), [page]))
    assert [text[one.start : one.end] for one in verdicts] == said.split("\n")[:-1]
    assert verdicts[1].verdict != "contradicted"


def test_the_mark_of_an_item_is_no_sentence() -> None:
    assert [("1. 経緯\n2. 情報流出について")[a:b] for a, b in sentences("1. 経緯\n2. 情報流出について")] == [
        "1. 経緯",
        "2. 情報流出について",
    ]
