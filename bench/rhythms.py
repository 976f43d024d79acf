"""Made contacts of four years in which beacons hide among people and among services that talk as regularly as they do.

The background is people: sessions of pages in working hours, most destinations seen once or twice. Among the services are those
that nearly every machine asks (time, updates, telemetry, mail) and those that only a few do (monitoring, backup, licences, printers),
since the log begins or rolled out later. 100 beacons are hidden: every hour to every week, jitter up to 40 % of the period, some in
working hours only, some with lost check-ins and a gap of weeks; each in one to three machines.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt

YEARS = 4 * 365 * 86_400
SINCE = 1_500_000_000  # epoch seconds
MACHINES = 5_000
HIDDEN = 100
_DAY, _HOUR, _WEEK = 86_400, 3_600, 604_800
_Times = npt.NDArray[np.float64]

# name, machines that talk to it, period (s), jitter (share of the period), from (share of the span), machines are new from time to time
_SERVICES = (
    ("time", 400, 6 * _HOUR, 0.01, 0.0),
    ("update", 400, 22 * _HOUR, 0.2, 0.0),
    ("telemetry", 300, 12 * _HOUR, 0.05, 0.0),
    ("certificates", 200, 4 * _DAY, 0.1, 0.0),
    ("antivirus", 300, 8 * _HOUR, 0.02, 0.3),
    ("chat", 250, 3 * _HOUR, 0.1, 0.5),
    ("licence", 40, _DAY, 0.05, 0.0),
    ("browser-update", 300, 5 * _HOUR, 0.15, 0.0),
)
# Services of one to four machines each: (name, how many of them, machines, period, jitter, from).
_OWN_SERVICES = (
    ("monitoring", 30, 1, _HOUR, 0.01, 0.0),
    ("backup", 15, 2, _DAY, 0.02, 0.0),
    ("printer", 40, 1, _DAY, 0.05, 0.0),
    ("building", 10, 1, 2 * _HOUR, 0.1, 0.0),
    ("feed", 20, 3, 6 * _HOUR, 0.2, 0.0),
    ("monitoring-later", 15, 1, _HOUR, 0.01, 0.45),
    ("backup-later", 10, 2, _DAY, 0.02, 0.6),
    ("printer-later", 15, 1, _DAY, 0.05, 0.3),
)


def _regular(dice: np.random.Generator, period: float, jitter: float, since: float, until: float) -> _Times:
    count = int((until - since) / period) + 1
    gaps = period * (1 + dice.uniform(-jitter, jitter, count))
    times = since + np.cumsum(gaps)
    return times[times < until]


def _office(times: _Times) -> _Times:
    """Keep the times on weekdays from 9 to 18 (1970-01-01 was a Thursday)."""
    day = (times + SINCE) // _DAY
    second = (times + SINCE) % _DAY
    return times[((day + 3) % 7 < 5) & (second >= 9 * _HOUR) & (second < 18 * _HOUR)]


def services(scale: float, seed: int = 3) -> tuple[list[int], list[str], list[_Times]]:
    """Return machine, destination and seconds of every benign regular pair; ``scale`` cuts the machines of common services."""
    dice = np.random.default_rng(seed)
    machines: list[int] = []
    names: list[str] = []
    times: list[_Times] = []
    for name, clients, period, jitter, begin in _SERVICES:
        for machine in dice.choice(MACHINES, max(12, int(clients * scale)), replace=False):
            since = begin * YEARS + float(dice.uniform(0, period + 30 * _DAY))
            at = _regular(dice, period, jitter, since, YEARS)
            machines.append(int(machine))
            names.append(f"{name}.example.net")
            times.append(_office(at) if name in ("chat", "browser-update") else at)
    for name, many, clients, period, jitter, begin in _OWN_SERVICES:
        for number in range(many):
            for machine in dice.choice(MACHINES, clients, replace=False):
                since = begin * YEARS + float(dice.uniform(0, 2 * _DAY if not begin else 60 * _DAY))
                machines.append(int(machine))
                names.append(f"{name}-{number}.example.org")
                times.append(_regular(dice, period, jitter, since, YEARS))
    return machines, names, times


def hidden(seed: int = 2) -> tuple[list[int], list[str], list[_Times]]:
    """Return machine, destination and seconds of the pairs of the 100 beacons."""
    dice = np.random.default_rng(seed)
    machines: list[int] = []
    names: list[str] = []
    times: list[_Times] = []
    for number in range(HIDDEN):
        period = _HOUR * float(168 ** (number / (HIDDEN - 1)))
        for machine in dice.choice(MACHINES, 1 + number % 3, replace=False):
            since = float(dice.uniform(0.05, 0.7)) * YEARS
            lasting = max(30 * period, float(dice.uniform(30, 200)) * _DAY)
            at = _regular(dice, period, 0.4 * (number % 5) / 4, since, min(since + lasting, YEARS))
            if number % 4 == 1 and period < 8 * _HOUR:
                at = _office(at)
            elif number % 4 == 2:
                at = at[dice.random(len(at)) > 0.1]  # some are lost
            elif number % 4 == 3 and len(at) > 40:
                at = at[(at < at[len(at) // 2]) | (at > at[len(at) // 2] + 21 * _DAY)]  # switched off for three weeks
            machines.append(int(machine))
            names.append(f"hidden-{number}.example.com")
            times.append(at)
    return machines, names, times


def fill(connection: duckdb.DuckDBPyConnection, millions: int, seed: int = 2) -> None:
    """Create ``talk`` (client, far, occurred, out, source, record, own) of so many million contacts over 0.4 times as many pairs."""
    own = [services(min(1.0, millions / 100), seed + 1), hidden(seed)]
    machines, names, times = ([one for part in own for one in part[at]] for at in range(3))
    lengths = [len(one) for one in times]
    connection.register(
        "regular_rows",
        {
            "machine": np.repeat(np.array(machines), lengths),
            "name": np.repeat(np.array(range(len(names))), lengths),
            "second": np.concatenate(times),
        },
    )
    connection.register("name_rows", {"name": np.arange(len(names)), "far": np.array(names, dtype=object)})
    rows, pairs = millions * 1_000_000 - sum(lengths), millions * 540_000  # of these three quarters come up
    connection.execute("SELECT setseed(?)", [seed / 100])
    # A person's contact: a working day, an hour that leans to the middle of it, and bursts of pages within seconds.
    connection.execute(
        """
        CREATE TABLE talk AS
        SELECT client, far, make_timestamptz(CAST((second + $since) * 1e6 AS BIGINT)) AS occurred, out, 's-0001' AS source,
               row_number() OVER () AS record, NULL::VARCHAR AS own
        FROM (
            SELECT '10.' || (pair % 20) || '.' || (pair // 20 % 250) || '.9' AS client,
                   'site-' || (pair // 100) || '.example' AS far,
                   day * 86400 + 32400 + (random() + random()) * 18000 AS second, CAST(200 + random() * 4000 AS BIGINT) AS out
            FROM (
                SELECT CAST(floor(pow(random(), 1.6) * $pairs) AS BIGINT) AS pair,
                       3 + floor(random() * 208) * 7 + floor(random() * 5) AS day
                FROM range($rows))
            UNION ALL
            SELECT '10.' || (machine % 20) || '.' || (machine // 20 % 250) || '.9', far, second, CAST(300 + random() * 20 AS BIGINT)
            FROM regular_rows JOIN name_rows USING (name)
        )
        """,
        {"since": SINCE, "rows": rows, "pairs": pairs},
    )
    connection.unregister("regular_rows")
    connection.unregister("name_rows")
