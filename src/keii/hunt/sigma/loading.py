"""Rule files through pySigma's parser: what can run, and for the rest why not and where it stands."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule
from sigma.rule.base import check_alias_expansion
from sigma.rule.detection import EmptySigmaDetections
from sigma.rule.logsource import EmptyLogSource

from keii.errors import RuleError
from keii.hunt.sigma.compile import PlaceholderError, Placeholders, compile_rule
from keii.hunt.sigma.correlated import Correlated, compile_correlations
from keii.hunt.sigma.rules import About, LogSource, NotLoaded, Rule, RuleSet

MOST_BYTES = 1024 * 1024  # of one rule file; the largest public one has 60 kB
MOST_FILES = 100_000  # in one archive
MOST_DEPTH = 50  # of nested YAML
MOST_DOCUMENTS = 1_000  # in one file
_OF_TEXT = frozenset(
    {
        "contains",
        "startswith",
        "endswith",
        "cased",
        "windash",
        "re",
        "base64",
        "base64offset",
        "wide",
        "utf16le",
        "utf16be",
        "utf16",
    }
)
WITHDRAWN = frozenset({"deprecated", "unsupported"})  # replaced by another rule, or of no use as it stands
_SUFFIXES = frozenset({".yml", ".yaml"})


class RuleFile(msgspec.Struct, frozen=True):
    """The bytes of one rule file and the name that a person finds it by."""

    name: str
    data: bytes


class Document(msgspec.Struct, frozen=True):
    """One YAML document of a rule file."""

    place: str
    content: dict[str, Any]


def rule_files(paths: Iterable[Path]) -> Iterator[RuleFile]:
    """Yield the rule files (``.yml``, ``.yaml``) at or below the paths and in ZIP archives, ordered by name.

    Raises RuleError where a path cannot be read.
    """
    for path in sorted(paths):
        try:
            if path.is_file() and path.suffix.lower() == ".zip":
                yield from _of_archive(path)
            elif path.is_file():
                yield _of_file(path, path.name)
            else:
                for file in sorted(p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file()):
                    yield _of_file(file, file.relative_to(path).as_posix())
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
            raise RuleError(f"cannot be read: {error}", place=str(path)) from error


def _of_file(path: Path, name: str) -> RuleFile:
    with path.open("rb") as handle:
        return RuleFile(name, handle.read(MOST_BYTES + 1))


def _of_archive(path: Path) -> Iterator[RuleFile]:
    with zipfile.ZipFile(path) as archive:
        found = [
            one for one in archive.infolist() if one.filename.lower().endswith(tuple(_SUFFIXES)) and not one.is_dir()
        ]
        if len(found) > MOST_FILES:
            raise RuleError(f"holds more than {MOST_FILES} rule files", place=str(path))
        for one in sorted(found, key=lambda entry: entry.filename):
            with archive.open(one) as handle:
                yield RuleFile(one.filename, handle.read(MOST_BYTES + 1))


def load(files: Iterable[RuleFile], placeholders: Placeholders | None = None) -> RuleSet:
    """Return the rules of the files. Nothing in a rule file stops the others; what cannot run is told.

    Args:
        files: rule files; the outcome does not depend on their order.
        placeholders: values for ``%name%`` of the ``expand`` modifier.
    """
    documents: list[Document] = []
    broken: list[NotLoaded] = []
    for file in sorted(files, key=lambda one: (one.name, one.data)):
        for found in _documents(file):
            (documents if isinstance(found, Document) else broken).append(found)  # type: ignore[arg-type]
    singles, correlations, filters = _sorted(documents)
    parsed_filters = [one for document in filters if (one := _filter(document, broken)) is not None]
    rules: list[Rule] = []
    for document in singles:
        found_rule = _rule(document, parsed_filters, placeholders or {})
        if isinstance(found_rule, Rule):
            rules.append(found_rule)
        else:
            broken.append(found_rule)
    correlated = compile_correlations(rules, [Correlated(about(one), one.content) for one in correlations])
    return RuleSet(
        rules=correlated.rules,
        correlations=correlated.correlations,
        not_loaded=_ordered([*broken, *correlated.not_loaded]),
    )


def _ordered(broken: Sequence[NotLoaded]) -> tuple[NotLoaded, ...]:
    return tuple(sorted(broken, key=lambda one: (one.place, one.id or "", one.reason)))


def _documents(file: RuleFile) -> Iterator[Document | NotLoaded]:
    """Yield the documents of a file; the merged parts of a collection (``action: global``) are joined to each."""
    if len(file.data) > MOST_BYTES:
        yield NotLoaded(place=file.name, reason=f"larger than {MOST_BYTES} bytes")
        return
    try:
        _check_depth(file.data)
        found = list(yaml.load_all(file.data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, RuleError, ValueError, RecursionError, OverflowError) as error:
        yield NotLoaded(place=file.name, reason="not YAML: " + " ".join(str(error).split())[:300])
        return
    for number, content in enumerate(found, 1):
        place = file.name if len(found) == 1 else f"{file.name}, document {number}"
        if content is None:
            continue
        if not isinstance(content, dict):
            yield NotLoaded(place=place, reason="not a YAML map")
            continue
        try:
            check_alias_expansion(content)
        except SigmaError as error:
            yield NotLoaded(place=place, reason=reason_of(error))
            continue
        yield Document(place, content)


def _check_depth(data: bytes) -> None:
    """Refuse documents that would exhaust the parser's stack, by events: nothing is built yet."""
    depth = documents = 0
    for event in yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MOST_DEPTH:
            raise RuleError(f"nested deeper than {MOST_DEPTH} levels")
        if documents > MOST_DOCUMENTS:
            raise RuleError(f"holds more than {MOST_DOCUMENTS} documents")


def _sorted(documents: Sequence[Document]) -> tuple[list[Document], list[Document], list[Document]]:
    """Return rules about events, correlations and filters."""
    correlations = [d for d in documents if "correlation" in d.content]
    filters = [d for d in documents if "filter" in d.content and "correlation" not in d.content]
    rules = [d for d in documents if "correlation" not in d.content and "filter" not in d.content]
    return rules, correlations, filters


def about(document: Document, notes: Sequence[str] = ()) -> About:
    """Return what a person is told of a rule, whatever its author wrote there."""
    content = document.content
    digest = hashlib.sha256(msgspec.json.encode(content, order="deterministic", enc_hook=str)).hexdigest()[:12]
    tags = content.get("tags")
    return About(
        id=_text(content.get("id")) or f"sigma-{digest}",
        title=_text(content.get("title")) or document.place,
        place=document.place,
        name=_text(content.get("name")),
        level=_text(content.get("level")),
        status=_text(content.get("status")),
        author=_text(content.get("author")),
        tags=tuple(str(tag)[:200] for tag in tags[:100]) if isinstance(tags, list) else (),
        notes=tuple(notes),
    )


def _text(value: object) -> str | None:
    return str(value)[:500] if isinstance(value, str | int | float) and str(value).strip() else None


def _rule(document: Document, filters: Sequence[SigmaFilter], placeholders: Placeholders) -> Rule | NotLoaded:
    told = about(document)
    if told.status in WITHDRAWN:
        reason = f"withdrawn by its author: {told.status}"
        return NotLoaded(place=document.place, reason=reason, withdrawn=told.status, id=told.id, title=told.title)
    try:
        rule = SigmaRule.from_dict(_as_specified(document.content), collect_errors=True)
        if isinstance(rule.detection, EmptySigmaDetections) or isinstance(rule.logsource, EmptyLogSource):
            raise rule.errors[-1]  # those before it are about tags, dates and references
        for one in filters:
            one.apply_on_rule(rule)
        source = LogSource(rule.logsource.product, rule.logsource.category, rule.logsource.service)
        expression = compile_rule(rule, placeholders)
    except PlaceholderError as error:
        return NotLoaded(place=document.place, reason=error.message, lacks=error.name, id=told.id, title=told.title)
    except (SigmaError, RuleError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # pySigma checks types unevenly: a wrong one may come out as AttributeError or TypeError.
        return NotLoaded(place=document.place, reason=reason_of(error), id=told.id, title=told.title)
    notes = sorted({reason_of(error) for error in rule.errors})
    return Rule(about=about(document, notes), logsource=source, expression=expression)


def _as_specified(content: dict[str, Any]) -> dict[str, Any]:
    """Return a rule with what the specification allows and pySigma refuses written otherwise.

    ``utf16le`` is another name of ``wide``; a number under a modifier of texts is a text.
    """
    detection = content.get("detection")
    return {**content, "detection": _detection(detection)} if isinstance(detection, dict) else content


def _detection(told: Any) -> Any:
    if isinstance(told, list):
        return [_detection(one) for one in told]
    if not isinstance(told, dict):
        return told
    found = {}
    for key, value in told.items():
        modifiers = set(key.split("|")[1:]) if isinstance(key, str) else set()
        if modifiers & _OF_TEXT:
            found[key.replace("|utf16le", "|wide")] = (
                [_as_text(one) for one in value] if isinstance(value, list) else _as_text(value)
            )
        else:
            found[key] = _detection(value) if isinstance(value, dict | list) else value
    return found


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _filter(document: Document, broken: list[NotLoaded]) -> SigmaFilter | None:
    try:
        return SigmaFilter.from_dict(document.content)
    except (SigmaError, ValueError, TypeError, AttributeError) as error:
        told = about(document)
        broken.append(NotLoaded(place=document.place, reason=reason_of(error), id=told.id, title=told.title))
        return None


def reason_of(error: BaseException) -> str:
    """Return what an error says, on one line."""
    told = error.message if isinstance(error, RuleError) else str(error) or type(error).__name__
    return " ".join(told.split())[:300].rstrip(".")
