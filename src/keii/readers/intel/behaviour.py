"""Communication patterns: path template, user agent, method, port and period told in sentences that stand together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keii.model import IntelPattern, Source

_TALK = re.compile(
    r"\b(?:contacts?|requests?|beacons?|connects?|communicat\w+|polls?|sends?|call(?:s|ing)? back|check[- ]?ins?|GET|POST|traffic|C2|C&C)\b|通信|接続|送信|リクエスト|ビーコン",
    re.IGNORECASE,
)
_NET = re.compile(
    r"://|\b(?:server|HTTPS?|DNS|TCP|UDP|port|path|URI|URL|C2|C&C|command and control|user[- ]agent|GET|POST)\b|サーバ|ポート|パス|通信",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?:every|each|once (?:every|per)|at intervals? of|interval of)\s+(?:about\s+|approximately\s+|roughly\s+)?(?:(?P<n>\d+(?:\.\d+)?|one|two|three|five|ten|fifteen|thirty|sixty)\s+)?(?P<u>second|minute|hour|day|week)s?\b"
    r"|約?(?P<jn>\d+)\s*(?P<ju>秒|分|時間|日|週間)(?:ごと|毎|おき|間隔)|(?P<jd>毎時|毎日|毎分)",
    re.IGNORECASE,
)
_WORDS = {"one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "fifteen": 15, "thirty": 30, "sixty": 60}
_UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
    "秒": 1,
    "分": 60,
    "時間": 3_600,
    "日": 86_400,
    "週間": 604_800,
}
_SINGLE = {"毎時": 3_600, "毎日": 86_400, "毎分": 60}
_PORT = re.compile(
    r"(?:\b(?:TCP|UDP)?\s*[Pp]orts?\s+(?:number\s+)?|ポート(?:番号)?\s*)(?P<p>\d{1,5})(?!\d)|\b(?P<q>\d{1,5})/(?:tcp|udp)\b|(?P<r>\d{1,5})番ポート"
)
_URI = re.compile(
    r"(?:path|URI|URL|GET|POST|requests? (?:to|for)|パス|エンドポイント)\s*(?:template\s+)?(?:is\s+|of\s+|to\s+|は\s*)?[:=]?\s*[\"“「'`]?(?P<uri>/[\w\-./?=&%*{}<>\[\]~+;:@!$]{2,300})"
)
_WHOLE = re.compile(  # the path of an address that is told as it stands
    r"\b(?:h(?:xx|tt|\*\*)ps?|meows?)\S{0,6}//[^\s/\"'<>|`]{4,120}(?P<uri>/[^\s\"”」'`|。、]{1,300})", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"\{[^}]*\}|<[^>]*>|\[(?!\.\]|:\]|/\])[^\]]*\]|%s|%d")
_METHOD = re.compile(r"\b(GET|POST|PUT|HEAD|OPTIONS)\b")
_AGENT = re.compile(
    r"(?:[Uu]ser[- ][Aa]gent|ユーザーエージェント)(?:\s+(?:string|header|of|is))*\s*[:=は]?\s*[\"“「'`](?P<ua>[^\"”」`\n]{3,400})[\"”」`]"
)
_SENTENCE = re.compile(r"[^\n。]+?(?:。|\.(?=\s|$)|$)", re.MULTILINE)


def patterns_of(text: str, source: Source) -> Iterator[tuple[int, int, IntelPattern]]:
    """Yield start, end and pattern; sentences of one paragraph (lines without a blank line between) make one pattern."""
    start = 0
    for paragraph in re.split(r"(\n\s*\n)", text[:5_000_000]):
        if paragraph.strip() and len(paragraph) < 20_000:
            found = _paragraph(paragraph, start, source)
            if found is not None:
                yield found
        start += len(paragraph)


def _paragraph(paragraph: str, offset: int, source: Source) -> tuple[int, int, IntelPattern] | None:
    kept: list[re.Match[str]] = []
    for match in _SENTENCE.finditer(paragraph):
        whole = _WHOLE.search(match[0])
        tells = any(form.search(match[0]) for form in (_PERIOD, _PORT, _URI, _AGENT)) or (
            whole is not None and _PLACEHOLDER.search(whole["uri"]) is not None
        )
        if tells and _TALK.search(match[0]) and _NET.search(match[0]):
            kept.append(match)
    if not kept:
        return None
    words = " ".join(match[0].strip() for match in kept)
    uri, agent, port, period = _URI.search(words), _AGENT.search(words), _port(words), _period(words)
    if uri is None and (whole := _WHOLE.search(words)) and (agent or period or _PLACEHOLDER.search(whole["uri"])):
        uri = whole
    if uri is None and agent is None and (port is None or period is None):
        return None
    method = _METHOD.search(words)
    pattern = IntelPattern(
        source=source.id, source_name=source.name, sentence=words[:1_000], uri=_template(uri["uri"]) if uri else None,
        user_agent=agent["ua"].strip() if agent else None, method=method[1] if method else None, port=port, period=period,
    )  # fmt: skip
    return offset + kept[0].start(), offset + kept[-1].end(), pattern


def _template(uri: str) -> str:
    """Return a path in which placeholders (``{id}``, ``<id>``, ``[id]``) are ``*``."""
    return _PLACEHOLDER.sub("*", uri).rstrip(".,;:)")


def _port(words: str) -> int | None:
    match = _PORT.search(words)
    number = int(next(part for part in match.groups() if part)) if match else 0
    return number if 0 < number < 65_536 else None


def _period(words: str) -> int | None:
    match = _PERIOD.search(words)
    if match is None:
        return None
    if match["jd"]:
        return _SINGLE[match["jd"]]
    number, unit = match["n"] or match["jn"] or "1", (match["u"] or match["ju"]).lower()
    return round((_WORDS.get(number.lower()) or float(number)) * _UNITS[unit])
