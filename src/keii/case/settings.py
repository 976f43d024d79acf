"""What a person tells keii about a case: ``case.toml``, read into one frozen value."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from keii.case.hypothesis import Hypothesis, check_hypotheses
from keii.case.ratings import check_ratings
from keii.case.settings_lines import keys_at, line_of
from keii.errors import SettingsError
from keii.wording import Lang, say

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$")


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the victim's network: ``members`` are networks (CIDR) or host names."""

    name: str
    members: tuple[str, ...] = ()
    crown_jewel: bool = False


class HuntSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to hunt: ``allow`` lists values that are never told as a match, with their subdomains or addresses inside."""

    allow: tuple[str, ...] = ()


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to read logs: ``time_zone`` (IANA name) of their times that write none; empty means UTC, told as assumed."""

    time_zone: str = ""


class Llm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that may propose claims, asked only by ``keii claims CASE --propose``; without it none is ever asked.

    Attributes:
        base_url: of any OpenAI-compatible endpoint, up to and with ``/v1``.
        model: its name there.
        key_env: name of the environment variable that holds the key; the key itself never stands in a file.
        timeout: seconds for one answer; ``tries`` per piece of text, the first included.
        piece: characters of text sent at once.
    """

    base_url: str
    model: str
    key_env: str = ""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60
    tries: Annotated[int, msgspec.Meta(ge=1, le=5)] = 2
    piece: Annotated[int, msgspec.Meta(ge=500, le=50_000)] = 6_000


class Settings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"hypotheses": "hypothesis"}
):
    """The settings of a case.

    Attributes:
        name: of the case; ``victim`` the organisation it happened to, empty where not told.
        speakers: names under which the victim speaks (official and short names, in any language).
        time_zone: IANA name, for times that documents write without a zone and for times shown. UTC where not told.
        lang: language of the report.
        internal: networks of the victim as CIDR; empty means inferred from the logs.
        zones: named parts of the network.
        hunt: how to hunt.
        logs: how to read logs.
        hypotheses: the analyst's own, each written as ``[[hypothesis]]``.
        llm: an endpoint that may propose claims; None means that no model is ever asked.
        reliability: the analyst's ratings, above every rule: file name or publisher (or ``logs``) → letter ``A`` to
            ``F``, id of a claim → digit ``1`` to ``6`` (Admiralty system).
        labels: a CSV beside case.toml with path patterns, labels and owners of the victim's files (``keii.case.labels``).
    """

    name: str
    victim: str = ""
    speakers: tuple[str, ...] = ()
    time_zone: str = "UTC"
    lang: Lang = "en"
    internal: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = ()
    hunt: HuntSettings = HuntSettings()
    logs: LogSettings = LogSettings()
    hypotheses: tuple[Hypothesis, ...] = ()
    llm: Llm | None = None
    reliability: dict[str, str] = {}
    labels: str = ""


def is_zone(name: str) -> bool:
    """Return whether a name is that of an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def parse_settings(text: str, place: str = "case.toml") -> Settings:
    """Return the settings written in ``text``. Raises SettingsError with the line or key and what was expected."""
    try:
        settings = msgspec.toml.decode(text, type=Settings)
    except msgspec.ValidationError as error:
        raise _refused(str(error), text, place) from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"not TOML: {error}", place=place) from error
    except ValueError as error:  # tomllib.TOMLDecodeError is one
        raise SettingsError(f"not TOML: {error}", place=place) from error
    check_ratings(settings.reliability, f"{place}, reliability")
    for key, network in [("internal", network) for network in settings.internal]:
        _check_network(network, f"{place}, {key}")
    for key, zone in (("time_zone", settings.time_zone), ("logs.time_zone", settings.logs.time_zone or "UTC")):
        if not is_zone(zone):
            wanted = f"expected an IANA time zone such as Asia/Tokyo, found {zone!r}"
            raise SettingsError(wanted, place=f"{place}, {key}")
    check_hypotheses(settings.hypotheses, place)
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


def _refused(message: str, text: str, place: str) -> SettingsError:
    """Turn msgspec's ``… - at `$.zones[0].name` `` into words with the line, and with the keys that would be allowed."""
    what, _, where = message.partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    unknown = _UNKNOWN.match(what)
    if unknown:
        allowed = ", ".join(sorted(keys_at(Settings, path)))
        what = f"unknown key {unknown[1]!r}; allowed here: {allowed}"
        line = line_of(text, f"{path}.{unknown[1]}".lstrip("."))
    else:
        line = line_of(text, path)
    at = f"{place}, line {line}" if line else place
    return SettingsError(f"{what} (at {path})" if path else what, place=at)
