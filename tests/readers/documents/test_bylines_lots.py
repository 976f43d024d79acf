"""Two more lots of bylines as pages and texts write them, each written with its answer before it was first read."""

from __future__ import annotations

import pytest

from keii.model import Source
from keii.readers.documents import read

_JA = "<p>甲乙工業は14日、社内サーバーが不正アクセスを受け、約3千件の個人情報が流出した可能性があると発表した。2022年6月28日に不審な通信を検知した。</p><p>同社によると、流出の範囲は調査中という。</p>"
_EN = "<p>Acme Works said on Tuesday its servers were hacked and data on about 3,000 customers may have been stolen. It detected the intrusion on June 28, 2022.</p><p>The company is investigating.</p>"


def ja(head: str, top: str, foot: str = "") -> str:
    return f"<!DOCTYPE html><html lang='ja'><head><meta charset='utf-8'><title>甲乙工業に不正アクセス - みなと新聞</title>{head}</head><body>{top}{_JA}{foot}</body></html>"


def en(head: str, top: str, foot: str = "") -> str:
    return f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Acme Works hacked | Harbour Post</title>{head}</head><body>{top}{_EN}{foot}</body></html>"


# What stands in it, and the answers that are right; None where the page does not tell when it was published.
PAGES: list[tuple[str, str | bytes, str | None]] = [
    ("ja1", ja("", "<h1>甲乙工業に不正アクセス</h1><p>2023/03/14 10:32</p>"), "2023-03-14T10:32"),
    (
        "ja2",
        ja(
            "",
            '<header>2023年3月20日（月）</header><h1>甲乙工業に不正アクセス</h1><time datetime="2023-03-14T05:00:00+09:00">3/14(火) 5:00</time><span>配信</span>',
        ),
        "2023-03-14T05:00+09:00",
    ),
    (
        "ja3",
        ja("", "<h1>甲乙工業に不正アクセス</h1><p>［2023年3月14日 18:30］［有料会員限定］</p>"),
        "2023-03-14T18:30",
    ),
    (
        "ja4",
        ja("", "<h1>甲乙工業に不正アクセス</h1><p>毎朝新聞 2023/3/14 20:15（最終更新 3/15 01:02）有料記事 865文字</p>"),
        "2023-03-14T20:15",
    ),
    (
        "ja5",
        ja(
            "",
            "<h1>甲乙工業に不正アクセス</h1><div>公開: 2023.03.14 (火) 12:00</div><div>更新: 2023.03.16 (木) 09:30</div>",
        ),
        "2023-03-14T12:00",
    ),
    (
        "ja6",
        ja('<meta name="pubdate" content="20230314T103200+0900">', "<h1>甲乙工業に不正アクセス</h1>"),
        "2023-03-14T10:32+09:00",
    ),
    (
        "ja7",
        ja(
            "",
            '<h1>当社サーバーへの不正アクセスについて（第2報）</h1><p class="date">2023年3月14日</p><p>甲乙工業株式会社</p>',
        ),
        "2023-03-14",
    ),
    (
        "ja8",
        ja(
            "",
            "<h1>お知らせ</h1><dl><dt>令和5年3月14日</dt><dd>不正アクセスによる個人情報の流出の可能性について</dd></dl>",
        ),
        "2023-03-14",
    ),
    (
        "ja9",
        ja("", "<h1>市のシステムへの不正アクセスについて</h1><p>ページ番号1002345　更新日　令和5年3月14日</p>"),
        None,
    ),
    (
        "ja10",
        ja(
            "",
            "<h1>甲乙工業に不正アクセス</h1><p>投稿日 : 2023年3月14日　最終更新日時 : 2023年3月18日　カテゴリー : ニュース</p>",
        ),
        "2023-03-14",
    ),
    (
        "ja11",
        ja(
            '<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"みなと新聞"},{"@type":"NewsArticle","headline":"甲乙工業に不正アクセス","datePublished":"2023-03-14T01:32:00.000Z","dateModified":"2023-03-15T00:00:00.000Z"}]}</script>',
            "<h1>甲乙工業に不正アクセス</h1><p>2023年3月14日 10時32分</p>",
        ),
        "2023-03-14T10:32+09:00|2023-03-14T01:32Z|2023-03-14T01:32+00:00",
    ),
    (
        "ja12",
        ja("", "<h1>甲乙工業に不正アクセス</h1><p>3月14日 19時05分</p>", "<footer>© 2023 みなと放送</footer>"),
        None,
    ),
    (
        "ja13",
        ja(
            "",
            '<div id="wm-ipp-base">Internet Archive Wayback Machine 20 Apr 2023 03:12:45 GMT</div><h1>甲乙工業に不正アクセス</h1><p>2023年3月14日 5時00分</p>',
        ),
        "2023-03-14T05:00",
    ),
    (
        "ja14",
        ja("", "<h1>大臣会見概要</h1><p>令和5年3月14日（火）10時02分～10時20分　於：会見室</p>"),
        "2023-03-14T10:02|2023-03-14",
    ),
    (
        "ja15",
        ja("", "<h1>甲乙工業に不正アクセス</h1><p>Posted by 管理人 at 2023/03/14 23:11 | Comments(2)</p>"),
        "2023-03-14T23:11",
    ),
    (
        "ja16",
        ja(
            '<meta property="article:published_time" content="2023-03-14">',
            "<h1>甲乙工業に不正アクセス</h1><p>2023年03月14日 17時40分 公開</p>",
        ),
        "2023-03-14T17:40",
    ),
    (
        "ja17",
        ja("", "<h1>甲乙工業に不正アクセス</h1><p>掲載日：2023年3月14日　印刷する</p><p>関連：2021年7月1日の記事</p>"),
        "2023-03-14",
    ),
    (
        "ja18",
        "甲乙工業に不正アクセス\n2023年（令和5年）3月14日 火曜日\n\n甲乙工業は14日、不正アクセスを受けたと発表した。2022年6月28日に検知した。\n".encode(),
        "2023-03-14",
    ),
    (
        "ja19",
        "＜みなと通信＞ 甲乙工業に不正アクセス、顧客情報流出か\n2023/03/14-21:07\n\n甲乙工業は14日、不正アクセスを受けたと発表した。\n".encode(),
        "2023-03-14T21:07",
    ),
    (
        "ja20",
        "2023年3月14日\n各位\n会社名　甲乙工業株式会社\n代表者名　代表取締役社長　乙野太郎\n（コード番号：9999 東証プライム）\n\n不正アクセスに関するお知らせ（第3報）\n\n当社は、2022年6月28日に不審な通信を検知しました。\n".encode(),
        "2023-03-14",
    ),
    (
        "en1",
        en("", "<h1>Acme Works hacked</h1><p>By Jane Roe</p><p>March 14, 2023 10:32 AM EDT</p>"),
        "2023-03-14T10:32-04:00",
    ),
    (
        "en2",
        en("", "<h1>Acme Works hacked</h1><p>Published 14 March 2023</p><p>Updated 15 March 2023, 09:12 GMT</p>"),
        "2023-03-14",
    ),
    (
        "en3",
        en(
            "",
            "<h1>Acme Works hacked</h1><p>Tue 14 Mar 2023 11.05 GMT</p><p>Last modified on Wed 15 Mar 2023 08.00 GMT</p>",
        ),
        "2023-03-14T11:05+00:00|2023-03-14T11:05Z",
    ),
    ("en4", en("", "<h1>Acme Works hacked</h1><p>First published: 14 March 2023 7:15pm</p>"), "2023-03-14T19:15"),
    (
        "en5",
        en("", "<h1>Acme Works hacked</h1><p>Posted at 5:42 p.m. PT on Mar. 14, 2023</p>"),
        "2023-03-14T17:42-07:00|2023-03-14T17:42",
    ),
    (
        "en6",
        en(
            "",
            "<h1>Acme Works hacked</h1><p>LONDON, March 14 (Harbour) - Acme Works said</p><p>Reporting by J. Roe; Editing by A. Poe</p>",
        ),
        None,
    ),
    (
        "en7",
        en(
            '<meta property="og:updated_time" content="2023-03-15T08:00:00Z"><meta property="article:published_time" content="2023-03-14T11:05:00Z">',
            "<h1>Acme Works hacked</h1>",
        ),
        "2023-03-14T11:05+00:00|2023-03-14T11:05Z",
    ),
    ("en8", en("", "<h1>Acme Works hacked</h1><p>3 days ago</p>"), None),
    (
        "en9",
        en(
            "",
            "<h1>Notice of Data Security Incident</h1><p>DAYTON, Ohio, March 14, 2023 /PRNewsWire/ -- Acme Works today announced</p>",
        ),
        "2023-03-14",
    ),
    (
        "en10",
        en("", "<h1>Statement on cyber incident</h1><p>Last updated: 15/03/2023</p><p>Date: 14/03/2023</p>"),
        "2023-03-14",
    ),
    (
        "en11",
        b"Acme Works hacked\nHarbour Post\nTuesday, 14 March, 2023, 4:05am\n\nAcme Works said on Tuesday its servers were hacked on June 28, 2022.\n",
        "2023-03-14T04:05",
    ),
    (
        "en12",
        b"FORM 8-K\nCURRENT REPORT\nDate of Report (Date of earliest event reported): March 14, 2023\n\nACME WORKS, INC.\n\nItem 1.05 Material Cybersecurity Incidents.\nOn March 9, 2023, Acme Works, Inc. detected unauthorized access to its systems.\n\nDate: March 16, 2023\n",
        "2023-03-16|2023-03-14",
    ),
    (
        "en13",
        b"March 14, 2023\n\n[First name] [Last name]\n[Address]\n\nRe: Notice of Data Breach\n\nDear [Name]:\nWe write to tell you about an incident that occurred between January 3, 2023 and January 9, 2023.\n",
        "2023-03-14",
    ),
    (
        "en14",
        en(
            '<meta itemprop="datePublished" content="2023-03-14T06:00:00-05:00">',
            "<h1>Acme Works hacked</h1><p>Mar 14, 2023 6:00 am</p>",
        ),
        "2023-03-14T06:00-05:00",
    ),
    ("en15", en("", "<h1>Acme Works hacked</h1><ul><li>14 Mar 2023</li><li>12 min read</li></ul>"), "2023-03-14"),
    (
        "en16",
        en(
            "",
            '<nav>Wednesday, April 5, 2023</nav><h1>Acme Works hacked</h1><span class="dateline">Mar. 14, 2023 at 7:31 p.m. EDT</span>',
        ),
        "2023-03-14T19:31-04:00",
    ),
    ("en17", en("", "<h1>Acme Works hacked</h1><p>by Joe Bloggs / March 14, 2023 / 7 Comments</p>"), "2023-03-14"),
    (
        "en18",
        en("", "<h1>Acme hacked</h1><p>PUBLISHED: 09:23 GMT, 14 March 2023 | UPDATED: 13:40 GMT, 14 March 2023</p>"),
        "2023-03-14T09:23+00:00|2023-03-14T09:23Z",
    ),
    ("a1", ja("", "<h1>甲乙工業に不正アクセス</h1><p>社会 | 2023年3月14日 (火) 午後7時12分</p>"), "2023-03-14T19:12"),
    (
        "a2",
        ja(
            "",
            '<div class="breadcrumb">ホーム &gt; ニュース &gt; 2023年 &gt; 不正アクセスについて</div><h1>不正アクセスについて</h1><div>2023年03月14日（火）</div>',
        ),
        "2023-03-14",
    ),
    ("a3", ja("", "<h1>甲乙工業に不正アクセス</h1><div>2023年3月14日火曜日 22:01 JST</div>"), "2023-03-14T22:01+09:00"),
    (
        "a4",
        ja(
            '<script type="application/ld+json">[{"@type":"BreadcrumbList"},{"@type":"NewsArticle","datePublished":"2023-03-14T10:32:00+09:00","publisher":{"@type":"Organization","name":"みなと新聞"}}]</script>',
            "<h1>甲乙工業に不正アクセス</h1>",
        ),
        "2023-03-14T10:32+09:00",
    ),
    (
        "a5",
        ja(
            "",
            "<h1>甲乙工業に不正アクセス</h1><p>2023年3月14日 午前0時25分</p><p>※この記事は3月15日に一部修正しました</p>",
        ),
        "2023-03-14T00:25",
    ),
    (
        "a6",
        ja(
            "",
            "<h1>重要なお知らせ</h1><table><tr><td>2023/03/14</td><td>不正アクセスによる情報漏えいのお詫び</td></tr></table>",
        ),
        "2023-03-14",
    ),
    ("a7", ja("", "<h1>甲乙工業に不正アクセス</h1><p>2023.3.14 Tue 8:00</p>"), "2023-03-14T08:00"),
    (
        "a8",
        ja(
            '<meta name="date" content="2023-03-14T08:15:00+09:00">', "<h1>甲乙工業に不正アクセス</h1><p>08:15 更新</p>"
        ),
        "2023-03-14T08:15+09:00",
    ),
    ("a9", ja("", "<h1>甲乙工業に不正アクセス</h1><p>毎夕新聞　2023年3月15日　朝刊</p>"), "2023-03-15"),
    ("a10", ja("", "<h1>甲乙工業に不正アクセス</h1>", "<p>（2023年3月14日　みなと新聞）</p>"), "2023-03-14"),
    ("a11", ja("", "<h1>甲乙工業に不正アクセス</h1>", "<p>[みなと新聞 3月15日付朝刊]</p>"), None),
    (
        "a12",
        "━━━━━━━━━━\n■セキュリティ便り 第123号 2023/3/15\n━━━━━━━━━━\n甲乙工業は14日、不正アクセスを受けたと発表した。\n".encode(),
        "2023-03-15",
    ),
    (
        "a13",
        "報道資料\n令和５年３月１４日\n総務局\n\n甲乙工業株式会社に対する行政指導について\n\n当局は、同社に対し、4月30日までに報告するよう求めました。\n".encode(),
        "2023-03-14",
    ),
    (
        "a14",
        "件名: 不正アクセスについて\n日時: 2023年3月14日 16:30\n\n平素は格別のご高配を賜り、厚く御礼申し上げます。当社は不正アクセスを受けました。\n".encode(),
        "2023-03-14T16:30",
    ),
    (
        "a15",
        ja("", '<h1>日記</h1><div>2023-03-14</div><h2>甲乙工業の件</h2><a href="#">2023-03-10の日記</a>'),
        "2023-03-14",
    ),
    (
        "b1",
        en("", "<h1>Acme Works hacked</h1><div>Jane Roe</div><div>March 14, 2023 at 3:15 PM GMT+9</div>"),
        "2023-03-14T15:15+09:00",
    ),
    (
        "b2",
        en("", "<h1>Acme Works hacked</h1><div>14/03/2023 - 18:04</div><div>Modified: 14/03/2023 - 18:02</div>"),
        "2023-03-14T18:04",
    ),
    ("b3", en("", "<h1>Acme Works hacked</h1><div>Issued on: 14/03/2023 - 18:04</div>"), "2023-03-14T18:04"),
    (
        "b4",
        en("", "<h1>Acme Works hacked</h1><div>Tuesday March 14 2023, 12.01am GMT, The Harbour</div>"),
        "2023-03-14T00:01+00:00",
    ),
    (
        "b5",
        en("", "<h1>Acme Works hacked</h1><div>JANE ROE Staff Writer Mar 14, 2023 | 7:05 p.m. ET</div>"),
        "2023-03-14T19:05-04:00|2023-03-14T19:05",
    ),
    (
        "b6",
        en("", "<h1>Acme Works hacked</h1><div>Reuters March 14, 20239:14 PM UTC Updated 2 years ago</div>"),
        "2023-03-14T21:14+00:00|2023-03-14T21:14Z",
    ),
    (
        "b7",
        en(
            "",
            "<h1>Acme Works hacked</h1><div>Published: Mar. 14, 2023, 4:30 a.m. | Updated: Mar. 14, 2023, 8:55 a.m.</div>",
        ),
        "2023-03-14T04:30",
    ),
    (
        "b8",
        en(
            '<script type="application/ld+json">{"@type":"ReportageNewsArticle","datePublished":"2023-03-14T10:32:00Z","dateModified":"2023-03-14T11:00:00Z"}</script>',
            "<h1>Acme Works hacked</h1>",
        ),
        "2023-03-14T10:32+00:00|2023-03-14T10:32Z",
    ),
    (
        "b9",
        en(
            "",
            "<h1>Acme Works hacked</h1><p><strong>Date:</strong> 14 March 2023</p><p><strong>Type:</strong> Statement</p>",
        ),
        "2023-03-14",
    ),
    ("b10", en("", "<h1>Acme Works hacked</h1><p>Posted 14th March 2023</p>"), "2023-03-14"),
    ("b11", en("", "<p>14.03.2023</p><h1>Acme Works hacked</h1>"), "2023-03-14"),
    (
        "b12",
        en("", "<h1>Acme Works hacked</h1>", "<p>This article was first published on March 14, 2023.</p>"),
        "2023-03-14",
    ),
    ("b13", en("", "<h1>Acme Works hacked</h1><p>March 14, 2023 — 5.00am</p>"), "2023-03-14T05:00"),
    (
        "b14",
        b"From the desk of the CEO\n14 March 2023\n\nDear customers,\nOn 3 March 2023 we discovered that an unauthorised party had accessed our systems.\n",
        "2023-03-14",
    ),
    (
        "b15",
        b"Press release\nFor immediate release: Tuesday, March 14, 2023\nContact: J. Roe\n\nACME WORKS ANNOUNCES DATA SECURITY INCIDENT\nAcme Works today announced.\n",
        "2023-03-14",
    ),
]


@pytest.mark.parametrize(("name", "content", "expected"), PAGES, ids=[page[0] for page in PAGES])
def test_publication_time(name: str, content: str | bytes, expected: str | None) -> None:
    plain = isinstance(content, bytes)
    data = content if isinstance(content, bytes) else content.encode()
    found = read(data, Source(id="s", name=name + (".txt" if plain else ".html"), sha256="0")).published
    if expected is None:
        assert found is None
        return
    assert found is not None
    right = expected.split("|")
    assert found.edtf in right or (len(right[0]) == len("2023-03-14T10:32") and found.edtf[:16] == right[0])
