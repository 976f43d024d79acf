"""Things that a report names by a word before them: user agents, JA3, mutexes, pipes, registry keys, paths, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from keii.data import load
from keii.model.intel import IndicatorKind
from keii.readers.intel.digests import CERTIFICATE, DIGEST, SERIAL, kind_by_words
from keii.readers.intel.values import Value

_QUOTED = r"[\"“「'`](?P<q>[^\"”」'`\n]{3,400})[\"”」'`]"
_AGENT = re.compile(
    r"(?:[Uu]ser[- ][Aa]gent|ユーザーエージェント)(?:\s+(?:string|header|of|is|was|value))*\s*[:=は]?\s*(?:"
    + _QUOTED
    + r"|(?P<bare>Mozilla/[^\n\"”|]{8,300}))"
)
_JA4 = re.compile(r"\b(?P<q>[tq]\d\d[di]\d{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12})\b")
_HEADER = re.compile(
    r"(?:Accept|Host|Connection|Content|Cookie|Cache|Pragma)(?:-[A-Z][a-z]+)*: "
)  # pasted without breaks
_JA3_LENGTH = 32
_MUTEX = re.compile(
    r"(?:[Mm]ute(?:x|xes|ces)|ミューテックス)(?:\s+(?:named|name|called|object|is|was|with|the))*\s*[:=]?\s*(?:"
    + _QUOTED
    + r"|(?P<bare>(?:Global|Local)\\[\w{}.\-]{3,120}))"
)
_PIPE = re.compile(r"\\\\\.\\pipe\\[^\s\"'`,;|]{1,200}", re.IGNORECASE)
_KEY = re.compile(
    r"\b(?:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HKLM|HKCU|HKCR|HKU)"
    r"(?:\s?\\[^\s\\\"”'`|\[\]<>,;]+(?: [A-Z0-9][^\s\\\"”'`|\[\]<>,;]*)*)+"
)
_PATH = re.compile(
    r"(?<![\w\\])(?:[A-Za-z]:\\|%[A-Za-z]\w{2,30}%\\)(?:[^\s\\/:*?\"<>|`,;]+(?: [^\s\\/:*?\"<>|`,;]+)*\\)*[^\s\\/:*?\"<>|`,;]+"
)
_UNIX = re.compile(
    r"(?<![\w/.:<])/(?:tmp|var|etc|usr|bin|sbin|opt|dev|home|root|run|proc|Library|Users|private|system|data)/[\w.@%+\-/]{2,200}"
)


def named_things(text: str) -> Iterator[tuple[int, int, Value]]:
    """Yield start, end and value of each, in order of kind and place."""
    forms: tuple[tuple[re.Pattern[str], IndicatorKind], ...] = (
        (_AGENT, "user-agent"), (_JA4, "ja4"), (_MUTEX, "mutex"), (_PIPE, "named-pipe"),
        (_KEY, "registry-key"), (_PATH, "file-path"), (_UNIX, "file-path"),
    )  # fmt: skip
    for form, kind in forms:
        for match in form.finditer(text):
            group = next((name for name in ("q", "bare") if name in match.groupdict() and match[name]), 0)
            words = match[group].strip().rstrip(".,;)") if kind != "user-agent" else match[group].strip()
            if kind == "file-path" and (end := _ends().search(words)):
                words = words[: end.start("after")]
            if kind == "user-agent" and (header := _HEADER.search(words)):
                words = words[: header.start()].strip()
            if len(words) > 2 and not (kind == "mutex" and words.startswith((":", ",", "="))):
                start = match.start(group)
                value = words.lower() if kind in {"ja3", "ja4"} else re.sub(r"\s+\\", r"\\", words)
                yield start, start + len(words), Value(kind, value)
    yield from _digests(text)
    yield from _files(text)


def _digests(text: str) -> Iterator[tuple[int, int, Value]]:
    """Yield fingerprints and serial numbers of certificates, and JA3."""
    for match in DIGEST.finditer(text):
        kind = kind_by_words(text, match.start())
        if kind == "ja3" and len(match[0]) == _JA3_LENGTH:
            yield match.start(), match.end(), Value("ja3", match[0].lower())
        elif kind == "certificate":
            yield match.start(), match.end(), Value("certificate", match[0].lower())
    for match in CERTIFICATE.finditer(text):
        if kind_by_words(text, match.start()) == "certificate":
            yield match.start(), match.end(), Value("certificate", re.sub("[: ]", "", match[0]).lower())
    for match in SERIAL.finditer(text):
        value = re.sub("[: ]", "", match["q"]).lower()
        if len(value) not in {32, 40, 64}:
            yield match.start("q"), match.end("q"), Value("certificate", value)


@cache
def _ends() -> re.Pattern[str]:
    """The end of a path within a sentence: a program's ending, then a blank or words that are no part of a name."""
    endings = "|".join(load("intel/roles")["program_extensions"])
    return re.compile(rf"\.(?:{endings})(?P<after>(?=[ \u3000-\u9fff\uff00-\uffef]).)", re.IGNORECASE)


def _files(text: str) -> Iterator[tuple[int, int, Value]]:
    """Yield file names of programs and documents; system programs that every host runs are left to the reader."""
    endings = "|".join(word for word in load("intel/roles")["program_extensions"])
    for match in re.finditer(
        rf"(?<![\w\\/.%\]@-])[A-Za-z0-9_][\w\-]{{1,80}}(?:\.[\w\-]{{1,40}}){{0,3}}\.(?:{endings})(?![\w\\/(\[]|\.\w)",
        text,
    ):
        if match[0].lower() not in load("intel/roles")["everyday_programs"]:
            yield match.start(), match.end(), Value("file-name", match[0])
