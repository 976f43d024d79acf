"""The errors that keii raises, each with what was expected, what was found, and where.

KeiiError
├── UsageError        the caller asked for something that cannot be done; exit code 2
│   └── SettingsError case.toml, a mapping file or a lexicon says something that cannot be used
├── CaseError         the case on disk is not whole: missing, locked, or its ledger is broken
├── UnreadableError   a source, or a member of an archive, cannot be read at all; the rest goes on, exit code 1
│   └── LimitError    a bound was reached (size, depth, ratio, count): the source was made to exhaust us
├── RuleError         a rule or pattern cannot be loaded; it is listed as not loadable
├── EndpointError     a model's endpoint did not answer, or answered what cannot be used; other pieces of text go on
└── LakeError         a lake file is damaged, or could not be written whole
"""

from __future__ import annotations

from collections.abc import Callable


class KeiiError(Exception):
    """Something that a person should read: one sentence, and the place it is about."""

    def __init__(self, message: str, *, place: str | None = None) -> None:
        self.message = message
        self.place = place
        super().__init__(f"{place}: {message}" if place else message)

    def __reduce__(self) -> tuple[Callable[..., KeiiError], tuple[type[KeiiError], str, str | None]]:
        """Keep the place where an error comes from another process."""
        return _again, (type(self), self.message, self.place)


def _again(kind: type[KeiiError], message: str, place: str | None) -> KeiiError:
    return kind(message, place=place)


class UsageError(KeiiError):
    """The request itself cannot be carried out."""


class SettingsError(UsageError):
    """A settings, mapping or lexicon file cannot be used as written."""


class CaseError(KeiiError):
    """The case on disk is not whole."""


class UnreadableError(KeiiError):
    """A source cannot be read; the run goes on without it and says so."""


class LimitError(UnreadableError):
    """A source exceeds a bound that protects the machine."""


class RuleError(KeiiError):
    """A rule or an intel pattern cannot be loaded."""


class EndpointError(KeiiError):
    """The endpoint of a model did not answer, or not in a form that can be used."""


class LakeError(KeiiError):
    """An event file of the lake is damaged or could not be written."""
