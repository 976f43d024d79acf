"""Which table, events and columns witness the kind of log that a rule is written for (``data/sigma/*.yaml``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from keii.data import load
from keii.hunt.sigma.expression import All, Empty, Expression, Not, Regex, Text
from keii.hunt.sigma.expression import Any as AnyOf
from keii.hunt.sigma.rules import LogSource

_FORWARDED = "forwardedevents"


class Column(msgspec.Struct, frozen=True, tag="column"):
    """A column of the table, else a field of ``more``; names are compared without case."""

    name: str


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    """The group of a regular expression, found in another value; no value where it is not found."""

    of: Field
    take: str


class Translated(msgspec.Struct, frozen=True, tag="translated"):
    """Another value, each of some texts (lower case) replaced by the other."""

    of: Field
    values: tuple[tuple[str, str], ...]


class First(msgspec.Struct, frozen=True, tag="first"):
    """The first of several that has a value."""

    fields: tuple[Field, ...]


class Each(msgspec.Struct, frozen=True, tag="each"):
    """Several columns, all of them values of the field; ``*`` at the end of a name stands for a number."""

    names: tuple[str, ...]


class Words(msgspec.Struct, frozen=True, tag="words"):
    """The words of another value, each of them a value."""

    of: Field


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """Columns with ``by`` between them, where all have a value, else the one that has; ``begin`` changes prefixes."""

    fields: tuple[Field, ...]
    by: str
    begin: tuple[tuple[str, str], ...] = ()


Field = Column | Taken | Translated | First | Each | Words | Joined


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """Events that can show what a rule looks for.

    Attributes:
        table: the table of the lake.
        channels, providers: lower case, of ``windows``; a provider speaks only for an event that names no channel.
        etw: provider (lower case) whose events count whatever their channel.
        events: event ids; empty for any.
        where: what the rows must have besides.
        names: names of sets in ``fields.yaml``, the last one first.
    """

    table: str
    channels: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    etw: str | None = None
    events: frozenset[int] = frozenset()
    where: Expression | None = None
    names: tuple[str, ...] = ()
    title: str = ""

    def takes(self, channel: str | None, provider: str | None, event_id: int | None) -> bool:
        """Tell whether an event of ``windows`` is such a witness."""
        if self.events and event_id not in self.events:
            return False
        provider = (provider or "").lower()
        if self.etw is not None:
            return provider == self.etw
        if not self.channels:
            return True
        channel = (channel or "").lower()
        if not channel or channel == _FORWARDED:
            return provider in self.providers
        return channel in self.channels

    def field(self, name: str) -> Field:
        """Return what a rule's field is called in the table."""
        for names in self.names:
            if (found := _names(names).get(name)) is not None:
                return found
        return Column(name)


@cache
def witnesses(source: LogSource) -> tuple[Witness, ...]:
    """Return what can show a kind of log, in the order of the data files; empty where keii knows no such log."""
    found: list[Witness] = []
    product, category, service = (
        (text or "").lower() or None for text in (source.product, source.category, source.service)
    )
    if product in ("windows", None):
        found += _windows(category, service, whole=product == "windows")
    for entry in load("sigma/network"):
        asked = {"product": product, "category": category, "service": service}
        named = {key: entry[key] for key in asked if key in entry}
        given = {key: value for key, value in asked.items() if value is not None}
        # A rule may say more than the entry where that does not contradict it, and must say all that the entry says.
        if all(given.get(key) == value for key, value in named.items()) and not (
            given.keys() - named.keys() - {"product"}
        ):
            found.append(_witness(entry))
    return tuple(dict.fromkeys(found))


def _windows(category: str | None, service: str | None, *, whole: bool) -> list[Witness]:
    data = load("sigma/windows")
    if category is not None:
        entries = data["categories"].get(category, ())
        kept = [entry for entry in entries if service is None or entry.get("service") == service]
        return [_of_windows(entry, category) for entry in kept]
    if service is not None:
        return [_of_windows({"service": service}, service)] if service in data["services"] else []
    return [Witness(table="windows", names=("windows",), title="windows")] if whole else []


def _of_windows(entry: Mapping[str, Any], title: str) -> Witness:
    service = load("sigma/windows")["services"].get(entry.get("service"), {})
    channels = entry.get("channels", service.get("channels", ()))
    events = entry.get("events", ())
    where = entry.get("where")
    told = entry.get("etw") or " / ".join(channels)
    return Witness(
        table="windows",
        channels=_lower(channels),
        providers=_lower(entry.get("providers", service.get("providers", ()))),
        etw=entry["etw"].lower() if "etw" in entry else None,
        events=frozenset(events),
        where=_where(where) if where else None,
        names=(*_sets(entry), "windows"),
        title=(told or title) + (" " + ", ".join(map(str, events)) if events else ""),
    )


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _witness(entry: Mapping[str, Any]) -> Witness:
    if (inner := entry.get("windows")) is not None:
        if "category" in inner:
            return _windows(inner["category"], None, whole=False)[0]
        return _of_windows(inner, "windows")
    where = entry.get("where")
    return Witness(
        table=entry["table"],
        where=_where(where) if where else None,
        names=_sets(entry),
        title=entry.get("title")
        or entry["table"]
        + (f" ({', '.join(entry[k] for k in ('product', 'service') if k in entry)})" if "product" in entry else ""),
    )


def _sets(entry: Mapping[str, Any]) -> tuple[str, ...]:
    fields = entry.get("fields", ())
    return (fields,) if isinstance(fields, str) else tuple(reversed(fields))


def _where(where: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Expression:
    """Return what a list of maps (any of them) or a map (all its fields) asks for."""
    if not isinstance(where, Mapping):
        return AnyOf(tuple(_where(one) for one in where))
    items = tuple(_where_field(field, values) for field, values in where.items())
    return items[0] if len(items) == 1 else All(items)


def _where_field(field: str, values: Sequence[str | None] | Mapping[str, str] | str) -> Expression:
    if isinstance(values, Mapping):
        return Regex(field, values["re"])
    if values == "present":
        return Not(Empty(field))
    texts = tuple(value.lower() for value in values if value is not None)
    one = Text(field, "is", texts)
    return AnyOf((one, Empty(field))) if None in values else one


@cache
def _names(name: str) -> dict[str, Field]:
    return {field: _field(told) for field, told in load("sigma/fields")[name].items()}


def _field(told: str | Mapping[str, Any]) -> Field:
    if isinstance(told, str):
        return Column(told)
    if "first" in told:
        return First(tuple(_field(one) for one in told["first"]))
    if "each" in told:
        return Each(tuple(told["each"]))
    if "words" in told:
        return Words(_field(told["words"]))
    if "join" in told:
        begin = tuple((a.lower(), b) for a, b in told.get("begin", {}).items())
        return Joined(tuple(_field(one) for one in told["join"]), told["by"], begin)
    if "take" in told:
        return Taken(_field(told["of"]), told["take"])
    return Translated(_field(told["of"]), tuple((a.lower(), b) for a, b in told["values"].items()))
