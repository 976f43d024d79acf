"""What a person tells keii about a case: ``case.toml``, read into one frozen value."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from keii.errors import SettingsError
from keii.wording import Lang, say


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the victim's network: ``members`` are networks (CIDR) or host names."""

    name: str
    members: tuple[str, ...] = ()
    crown_jewel: bool = False


class HuntSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to hunt: ``allow`` lists values that are never told as a match, with their subdomains or addresses inside."""

    allow: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one claim or finding weighs on a hypothesis: ``CC``, ``C``, ``N``, ``I`` or ``II`` (Heuer's ACH)."""

    claim: str
    weight: str
    note: str = ""


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hypothesis that the analyst entered."""

    name: str
    text: str = ""
    evidence: tuple[Evidence, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a case.

    Attributes:
        name: of the case; ``victim`` the organisation it happened to, empty where not told.
        speakers: names under which the victim speaks (official and short names, in any language).
        time_zone: IANA name, for times that a source writes without a zone. UTC where not told.
        lang: language of the report.
        internal: networks of the victim as CIDR; empty means inferred from the logs.
        zones: named parts of the network.
        hunt: how to hunt.
        hypotheses: the analyst's own.
    """

    name: str
    victim: str = ""
    speakers: tuple[str, ...] = ()
    time_zone: str = "UTC"
    lang: Lang = "en"
    internal: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = ()
    hunt: HuntSettings = HuntSettings()
    hypotheses: tuple[Hypothesis, ...] = ()


def parse_settings(text: str, place: str = "case.toml") -> Settings:
    """Return the settings written in ``text``. Raises SettingsError with the line or key and what was expected."""
    try:
        settings = msgspec.toml.decode(text, type=Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(_plain(str(error)), place=place) from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"not TOML: {error}", place=place) from error
    except ValueError as error:  # tomllib.TOMLDecodeError is one
        raise SettingsError(f"not TOML: {error}", place=place) from error
    for key, network in [("internal", network) for network in settings.internal]:
        _check_network(network, f"{place}, {key}")
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        wanted = f"expected an IANA time zone such as Asia/Tokyo, found {settings.time_zone!r}"
        raise SettingsError(wanted, place=f"{place}, time_zone") from error
    return settings


def read_settings(path: Path) -> Settings:
    """Return the settings of the file at ``path``. Raises SettingsError."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError("no such file", place=str(path)) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"expected UTF-8, found another byte at {error.start}", place=str(path)) from error
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", place=str(path)) from error
    return parse_settings(text, path.name)


def template(name: str, *, victim: str = "", time_zone: str = "UTC", lang: Lang = "en") -> str:
    """Return a commented ``case.toml`` that says what can be told."""
    facts = {
        "name": _quoted(name),
        "victim": _quoted(victim),
        "time_zone": _quoted(time_zone),
        "lang": _quoted(lang),
    }
    return say("case.template", lang, facts)


def _quoted(text: str) -> str:
    """Return a TOML basic string: JSON's escapes are a subset of TOML's once DEL is escaped too."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


def _check_network(network: str, place: str) -> None:
    try:
        ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise SettingsError(f"expected a network such as 10.0.0.0/8, found {network!r}", place=place) from error


def _plain(message: str) -> str:
    """Turn msgspec's ``- at `$.zones[0].name` `` into words that name the key."""
    what, _, key = message.partition(" - at `$")
    return f"{what} (at {key.strip('`').lstrip('.')})" if key else what
