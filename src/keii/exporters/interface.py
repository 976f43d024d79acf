"""The shape of an exporter: a Report value in, bytes out."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from keii.model.report import Report
from keii.wording import Lang


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """One format: ``suffix`` of its file, and ``render``, which gives the same bytes for the same report."""

    id: str
    suffix: str
    render: Callable[[Report, Lang], bytes]
