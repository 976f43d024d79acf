"""Times as text logs write them, over whole columns. A year or a zone that is not written is not guessed."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.convert import convert

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLF = r"^(?P<day>[0-9]{2})/(?P<month>[A-Z][a-z]{2})/(?P<year>[0-9]{4}):(?P<clock>[0-9:]{8}) (?P<zone>[+-][0-9]{4})$"


def clf_time(values: pa.Array) -> pa.Array:
    """Return times of the form ``10/Oct/2000:13:55:36 -0700`` as UTC; null where one is not of that form."""
    parts = pc.extract_regex(values, _CLF)
    field = {name: pc.struct_field(parts, name) for name in ("day", "month", "year", "clock", "zone")}
    index = pc.index_in(field["month"], value_set=pa.array(_MONTHS))
    month = pa.array([f"{number:02d}" for number in range(1, 13)]).take(index)
    date = pc.binary_join_element_wise(field["year"], month, field["day"], "-")
    return convert(pc.binary_join_element_wise(date, "T", field["clock"], field["zone"], ""), TIME)
