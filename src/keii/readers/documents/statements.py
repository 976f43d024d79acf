"""An organisation's own statement quoted in another text: 「…」と発表, 公式発表の「…」, "…" said in a statement."""

from __future__ import annotations

import re
from collections import Counter

from keii.data import load
from keii.readers.documents.blocks import Block, join, lines_of
from keii.readers.documents.publishers import known_names
from keii.readers.documents.times import find_times

_TITLE = re.compile(
    r"[・\-*•■◆●\s]*(?P<title>\S.{3,80}?(?:について|のお知らせ|に関する(?:お知らせ|ご報告|お詫び|件)|のお詫び))"
    r"\s*[(（](?P<date>[^)）]*\d[^)）]*)[)）]\s*"
)
_OWN = re.compile(r"当社|弊社|当行|当グループ|弊グループ")
_SENTENCE = re.compile(r"(?:「[^」\n]*」|[^。\n])+。?")
_QUOTE = re.compile(r"「([^「」\n]{10,800})」")  # shorter ones are terms
_SUBJECT = re.compile(
    r"(?P<name>[A-Z][A-Za-z0-9&.\-]*[A-Za-z0-9]|[\u4e00-\u9fff\u30a1-\u30fcA-Za-zＡ-Ｚ・]{2,20})(?:は|が)(?=「|、|[^「。]{0,20}「)"
)
_NO_SUBJECT = re.compile(r"内容|方法|詳細|件|こと|情報|記事|関係者|各社|攻撃|調査|事実|被害")
_EN_SAID = re.compile(
    r"(?<!\w)(?P<name>[A-Z][\w&.-]{0,40}(?:\s[A-Z][\w&.-]{0,40}){0,3})(?:\s(?:said|announced|wrote|added)\s+in\s+(?:a|its|the)\s+(?:[\w]+\s)?(?:statement|press release))"
)
_EN_QUOTE = re.compile(r"“([^“”\n]{40,800})”|\"([^\"\n]{40,800})\"")


def statements_of(text: str, lang: str, taken: list[tuple[int, int]]) -> list[Block]:
    """Return at most one block for each organisation whose statement is quoted outside ``taken``."""
    return _japanese(text, taken) if lang == "ja" else _english(text, taken)


def _free(at: int, taken: list[tuple[int, int]]) -> bool:
    return not any(start <= at < end for start, end in taken)


def _japanese(text: str, taken: list[tuple[int, int]]) -> list[Block]:
    cues = load("documents/cues")
    announced, official = cues["announced"], cues["official"]
    subjects: Counter[str] = Counter()
    quotes: list[tuple[str, int, int]] = []
    for line in lines_of(text):
        for match in _SENTENCE.finditer(line.words):
            words, at = match[0], line.start + match.start()
            said = max((words.rfind(cue) for cue in announced if cue.startswith("と")), default=-1)
            named = any(cue in words for cue in official)
            if not _free(at, taken) or (said < 0 and not named):
                continue
            passive = said >= 0 and re.match(r"[^。「]{0,8}されて", words[said:])
            who = "" if passive else _subject(words[: said if said >= 0 else None])
            if who:
                subjects[who] += 1
            quotes += [(who, at + quote.start(1), at + quote.end(1)) for quote in _quoted(words, said, official)]
    title = _titled(text, taken)
    if not quotes:
        return []
    # A quotation whose sentence names nobody belongs to the one organisation whose statement is quoted.
    main = subjects.most_common(1)[0][0] if subjects else ""
    if not main and title is None:
        return []
    blocks = []
    for name in sorted({who or main for who, _, _ in quotes}):
        spans = [(start, end) for who, start, end in quotes if (who or main) == name]
        head = title if title is not None and name == main else None
        blocks.append(Block(
            at=head.at if head else min(spans)[0], key=f"statement:{name}", publisher=name or "", kind="statement",
            title=head.title if head else "", published=head.published if head else None, spans=join(spans),
        ))  # fmt: skip
    return blocks


def _quoted(words: str, said: int, official: list[str]) -> list[re.Match[str]]:
    """Return the quotations of a sentence that the statement's cue governs: those before と発表, or after 公式発表."""
    found = list(_QUOTE.finditer(words))
    if said >= 0:
        return [match for match in found if match.end() <= said + 1]
    after = min((words.find(cue) for cue in official if cue in words), default=0)
    return [match for match in found if match.start() > after]


def _subject(words: str) -> str:
    bare = _QUOTE.sub("「」", words)
    for match in _SUBJECT.finditer(bare):
        name = re.sub(r"^.*(?:に|日|朝|夜)(?=[A-Z])", "", match["name"])
        if not _NO_SUBJECT.search(name) and not known_names(name):
            return name
    return ""


def _titled(text: str, taken: list[tuple[int, int]]) -> Block | None:
    for line in lines_of(text):
        match = _TITLE.fullmatch(line.words) if len(line.words) < 160 and _free(line.start, taken) else None
        if match is None or not (_OWN.search(match["title"]) or "お知らせ" in match["title"]):
            continue
        times = find_times(match["date"], "ja")
        if times:
            return Block(
                at=line.start, key="statement", publisher="", title=match["title"], published=times[0].moment,
                kind="statement",
            )  # fmt: skip
    return None


def _english(text: str, taken: list[tuple[int, int]]) -> list[Block]:
    blocks: dict[str, Block] = {}
    for line in lines_of(text):
        if not line.words or not _free(line.start, taken):
            continue
        for match in _EN_SAID.finditer(line.words[:20_000]):
            begin = max(line.words.rfind(". ", 0, match.start()) + 1, 0)
            stop = line.words.find(". ", match.end())
            stop = len(line.words) if stop < 0 else stop + 1
            spans = [
                (line.start + quote.start() + 1, line.start + quote.end() - 1)
                for quote in _EN_QUOTE.finditer(line.words, begin, stop)
            ]
            times = find_times(line.words[begin:stop], "en")
            old = blocks.get(match["name"])
            blocks[match["name"]] = Block(
                at=old.at if old else line.start + begin, key=f"statement:{match['name']}", publisher=match["name"],
                kind="statement", published=times[0].moment if times else None,
                spans=join([*(old.spans if old else ()), *spans]),
            )  # fmt: skip
    return [block for block in blocks.values() if block.spans]
