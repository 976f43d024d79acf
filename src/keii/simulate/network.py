"""Ordinary network traffic of a day: browsing, names, files, updates, backups, monitoring."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from keii.simulate.columns import Columns, join, merged, pick, table, uids
from keii.simulate.company import DOMAIN, Company, at, is_workday, midnight, rng, sessions

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/72.0.3626.119 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:65.0) Gecko/20100101 Firefox/65.0",
    "Microsoft-CryptoAPI/10.0",
)
_KINDS = ("www", "mail", "img", "static", "api", "portal", "docs", "cdn")
SITES = tuple(f"{_KINDS[n % 8]}.site{n // 8 + 1:03d}.example" for n in range(480))
ADDRESSES = tuple(f"198.51.100.{n % 250 + 2}" if n % 2 else f"192.0.2.{n % 250 + 2}" for n in range(480))
UPDATE = ("update.desk-suite.example", "192.0.2.251")
TELEMETRY = ("telemetry.av-shield.example", "198.51.100.251")
_PATHS = ("/", "/index.html", "/news/today", "/img/logo.png", "/api/items", "/search?q=parts", "/style.css", "/login")


class Day(msgspec.Struct, frozen=True):
    """One day of network logs: Arrow tables with the columns of the file of that name, ``ts`` in microseconds."""

    conn: pa.Table
    dns: pa.Table
    http: pa.Table
    ssl: pa.Table
    dhcp: pa.Table
    squid: pa.Table


def day(seed: int, people: Company, number: int) -> Day:
    """Return the ordinary traffic of day ``number``."""
    dice = rng(seed, 3, number)
    who, start, end = sessions(seed, people, number)
    browsing = _browsing(dice, people, who, start, end)
    quiet = _infrastructure(dice, people, number)
    office = _office(dice, people, who, start, end)
    return Day(
        conn=merged([browsing["conn"], browsing["direct"], office["conn"], quiet["conn"], _lookups(browsing["dns"])]),
        dns=browsing["dns"],
        http=browsing["http"],
        ssl=browsing["ssl"],
        dhcp=office["dhcp"],
        squid=browsing["squid"],
    )


def _browsing(
    dice: np.random.Generator, people: Company, who: np.ndarray, start: np.ndarray, end: np.ndarray
) -> dict[str, pa.Table]:
    """Return requests as every log that sees them tells them: proxy, sensor before the proxy, names."""
    pcs = people.pcs
    proxy = people.with_role("proxy").address
    effort = np.array([pcs[w].diligence for w in who])
    wanted = dice.poisson(46 * effort)
    pc = np.repeat(np.arange(len(who)), wanted)
    rows = len(pc)
    ts = start[pc] + (dice.beta(1.1, 1.15, rows) * (end - start)[pc]).astype(np.int64)
    site = np.minimum(dice.zipf(1.35, rows) - 1, len(SITES) - 1)
    machine = who[pc]
    updates = dice.random(rows) < 0.08
    telemetry = ~updates & (dice.random(rows) < 0.07)
    names = np.array([*SITES, UPDATE[0], TELEMETRY[0]])
    places = np.array([*ADDRESSES, UPDATE[1], TELEMETRY[1]])
    site = np.where(updates, len(SITES), np.where(telemetry, len(SITES) + 1, site))
    secure = dice.random(rows) < 0.82
    at_hq = np.array([host.site == "hq" for host in pcs])[machine]
    address = pick([host.address for host in pcs], machine)
    bytes_in = dice.lognormal(9.0, 1.4, rows).astype(np.int64)
    bytes_out = dice.lognormal(6.4, 0.8, rows).astype(np.int64)
    seconds = np.round(dice.lognormal(-0.4, 1.1, rows), 6)
    path = dice.integers(0, len(_PATHS), rows)
    base: Columns = {"ts": ts, "uid": uids(dice, rows), "src": address, "sport": dice.integers(49152, 65535, rows)}
    host = pick(list(names), site)
    common = table(
        {
            **base,
            "name": host,
            "address": pick(list(places), site),
            "in": bytes_in,
            "out": bytes_out,
            "seconds": seconds,
            "secure": secure,
            "hq": at_hq,
            "path": pick(_PATHS, path),
            "agent": pick(AGENTS, dice.integers(0, len(AGENTS), rows)),
            "user": pick([h.user for h in pcs], machine),
        }
    )
    return split_requests(common, dice, proxy, people.with_role("dc").address)


def split_requests(
    requests: pa.Table, dice: np.random.Generator, proxy: str, resolver: str, through: float = 0.3
) -> dict[str, pa.Table]:
    """Return what each log tells of requests (columns of ``_browsing``): the intrusion's requests take the same way.

    ``through`` is the share of proxied requests for which the proxy opens a new connection to the outside.
    """
    hq = requests["hq"].to_numpy()
    secure = requests["secure"].to_numpy()
    via, direct = requests.filter(pa.array(hq)), requests.filter(pa.array(~hq))
    seen = requests.filter(pa.array(hq & ~secure))
    sni = requests.filter(pa.array(~hq & secure))
    clear = requests.filter(pa.array(~hq & ~secure))
    reached = via.filter(pa.array(dice.random(via.num_rows) < through))
    asked = requests.filter(
        pa.array((dice.random(requests.num_rows) < 0.45) & ~hq | (dice.random(requests.num_rows) < 0.2))
    )
    return {
        "squid": _squid(via),
        "conn": merged([_conn(via, proxy, 3128, "http"), _from_proxy(reached, dice, proxy)]),
        "direct": merged(
            [
                _conn_to(direct.filter(pa.array(secure[~hq])), 443, "ssl"),
                _conn_to(direct.filter(pa.array(~secure[~hq])), 80, "http"),
            ]
        ),
        "http": merged([_http(seen, proxy, 3128), _http_to(clear)]),
        "ssl": _ssl(sni),
        "dns": _dns(asked, dice, resolver),
    }


def _squid(rows: pa.Table) -> pa.Table:
    secure = rows["secure"].to_numpy()
    name = rows["name"].combine_chunks()
    url = pa.array(
        np.where(
            secure,
            join(name, ":443").to_numpy(zero_copy_only=False),
            join("http://", name, rows["path"].combine_chunks()).to_numpy(zero_copy_only=False),
        )
    )
    return table(
        {
            "ts": rows["ts"].to_numpy(),
            "ms": (rows["seconds"].to_numpy() * 1000).astype(np.int64),
            "src": rows["src"],
            "result": pick(("TCP_MISS/200", "TCP_TUNNEL/200"), secure.astype(int)),
            "bytes": rows["in"],
            "method": pick(("GET", "CONNECT"), secure.astype(int)),
            "url": url,
            "user": rows["user"],
            "peer": join("HIER_DIRECT/", rows["address"].combine_chunks()),
        }
    )


def _conn(rows: pa.Table, address: str, port: int, service: str) -> pa.Table:
    return conn_rows(rows, pa.repeat(pa.scalar(address), rows.num_rows), port, "tcp", service)


def _conn_to(rows: pa.Table, port: int, service: str) -> pa.Table:
    return conn_rows(rows, rows["address"], port, "tcp", service)


def _from_proxy(rows: pa.Table, dice: np.random.Generator, proxy: str) -> pa.Table:
    """Return the proxy's own connections to the outside for requests that came through it."""
    count = rows.num_rows
    secure = rows["secure"].to_numpy()
    own = rows.set_column(rows.schema.get_field_index("src"), "src", pa.repeat(pa.scalar(proxy), count))
    own = own.set_column(own.schema.get_field_index("uid"), "uid", uids(dice, count))
    own = own.set_column(own.schema.get_field_index("ts"), "ts", pa.array(rows["ts"].to_numpy() + 15_000))
    return conn_rows(own, rows["address"], np.where(secure, 443, 80), "tcp", pick(("http", "ssl"), secure.astype(int)))


def conn_rows(rows: pa.Table, address: object, port: object, protocol: str, service: str | None) -> pa.Table:
    """Return Zeek conn rows for requests (columns ts, uid, src, sport, out, in, seconds)."""
    out, into = rows["out"].to_numpy(), rows["in"].to_numpy()
    sent, received = out // 1200 + 4, into // 1400 + 3
    return table(
        {
            "ts": rows["ts"].to_numpy(),
            "uid": rows["uid"],
            "id.orig_h": rows["src"],
            "id.orig_p": rows["sport"],
            "id.resp_h": address,
            "id.resp_p": port,
            "proto": protocol,
            "service": service,
            "duration": rows["seconds"],
            "orig_bytes": out,
            "resp_bytes": into,
            "conn_state": "SF",
            "missed_bytes": 0,
            "history": "ShADadFf",
            "orig_pkts": sent,
            "orig_ip_bytes": out + sent * 40,
            "resp_pkts": received,
            "resp_ip_bytes": into + received * 40,
        }
    )


def _http(rows: pa.Table, address: str, port: int) -> pa.Table:
    return _http_rows(
        rows,
        pa.repeat(pa.scalar(address), rows.num_rows),
        port,
        join("http://", rows["name"].combine_chunks(), rows["path"].combine_chunks()),
    )


def _http_to(rows: pa.Table) -> pa.Table:
    return _http_rows(rows, rows["address"], 80, rows["path"])


def _http_rows(rows: pa.Table, address: object, port: int, uri: object) -> pa.Table:
    return table(
        {
            "ts": rows["ts"].to_numpy(),
            "uid": rows["uid"],
            "id.orig_h": rows["src"],
            "id.orig_p": rows["sport"],
            "id.resp_h": address,
            "id.resp_p": port,
            "trans_depth": 1,
            "method": "GET",
            "host": rows["name"],
            "uri": uri,
            "referrer": pa.nulls(rows.num_rows, pa.string()),
            "version": "1.1",
            "user_agent": rows["agent"],
            "request_body_len": 0,
            "response_body_len": rows["in"],
            "status_code": 200,
            "status_msg": "OK",
        }
    )


def _ssl(rows: pa.Table) -> pa.Table:
    return table(
        {
            "ts": rows["ts"].to_numpy(),
            "uid": rows["uid"],
            "id.orig_h": rows["src"],
            "id.orig_p": rows["sport"],
            "id.resp_h": rows["address"],
            "id.resp_p": 443,
            "version": "TLSv12",
            "cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "server_name": rows["name"],
            "resumed": "F",
            "established": "T",
            "subject": join("CN=", rows["name"].combine_chunks()),
            "issuer": "CN=Example Trust CA",
        }
    )


def _dns(rows: pa.Table, dice: np.random.Generator, resolver: str) -> pa.Table:
    count = rows.num_rows
    return table(
        {
            "ts": rows["ts"].to_numpy() - dice.integers(2_000, 60_000, count),
            "uid": uids(dice, count),
            "id.orig_h": rows["src"],
            "id.orig_p": dice.integers(49152, 65535, count),
            "id.resp_h": resolver,
            "id.resp_p": 53,
            "proto": "udp",
            "trans_id": dice.integers(1, 65535, count),
            "query": rows["name"],
            "qclass_name": "C_INTERNET",
            "qtype_name": "A",
            "rcode_name": "NOERROR",
            "answers": rows["address"],
            "TTLs": "300.000000",
        }
    )


def _lookups(rows: pa.Table) -> pa.Table:
    """Return the connections behind DNS queries."""
    count = rows.num_rows
    plain = table(
        {
            "ts": rows["ts"].to_numpy(),
            "uid": rows["uid"],
            "src": rows["id.orig_h"],
            "sport": rows["id.orig_p"],
            "out": np.full(count, 41),
            "in": np.full(count, 57),
            "seconds": np.full(count, 0.002),
        }
    )
    return conn_rows(plain, rows["id.resp_h"], 53, "udp", "dns")


def _office(
    dice: np.random.Generator, people: Company, who: np.ndarray, start: np.ndarray, end: np.ndarray
) -> dict[str, pa.Table]:
    """Return leases, logons to the domain controller and work on the file servers as the network sees them."""
    pcs = people.pcs
    servers = [host.address for host in people.hosts if host.role == "file-server"]
    dc = people.with_role("dc").address
    wanted = dice.poisson(9 * np.array([pcs[w].diligence for w in who]))
    pc = np.repeat(np.arange(len(who)), wanted)
    rows = len(pc)
    target = dice.choice(3, rows, p=[0.5, 0.2, 0.3])
    requests = table(
        {
            "ts": start[pc] + (dice.random(rows) * (end - start)[pc]).astype(np.int64),
            "uid": uids(dice, rows),
            "src": pick([host.address for host in pcs], who[pc]),
            "sport": dice.integers(49152, 65535, rows),
            "out": dice.lognormal(8, 1, rows).astype(np.int64),
            "in": dice.lognormal(11, 1.6, rows).astype(np.int64),
            "seconds": np.round(dice.lognormal(2.0, 1.2, rows), 6),
        }
    )
    kerberos = target == 2
    conn = conn_rows(
        requests,
        pick([*servers, dc], target),
        np.where(kerberos, 88, 445),
        "tcp",
        pick(("smb", "krb_tcp"), kerberos.astype(int)),
    )
    lease = len(who)
    dhcp = table(
        {
            "ts": start - dice.integers(10_000_000, 60_000_000, lease),
            "uids": uids(dice, lease),
            "client_addr": pick([h.address for h in pcs], who),
            "server_addr": dc,
            "mac": pick([h.mac for h in pcs], who),
            "host_name": pick([h.name for h in pcs], who),
            "client_fqdn": pick([f"{h.name}.{DOMAIN}" for h in pcs], who),
            "domain": DOMAIN,
            "requested_addr": pick([h.address for h in pcs], who),
            "assigned_addr": pick([h.address for h in pcs], who),
            "lease_time": "86400.000000",
            "msg_types": "REQUEST,ACK",
            "duration": "0.012000",
        }
    )
    return {"conn": conn, "dhcp": merged([dhcp]) if lease else dhcp}


def _infrastructure(dice: np.random.Generator, people: Company, number: int) -> dict[str, pa.Table]:
    """Return what runs without people: monitoring every quarter of an hour, the nightly backup."""
    servers = [host for host in people.hosts if host.role != "pc"]
    monitor = people.with_role("monitor")
    watched = [host for host in servers if host is not monitor]
    ticks = np.arange(0, 86_400, 900)
    ts = np.repeat(midnight(number) + ticks * 1_000_000, len(watched)) + dice.integers(
        0, 3_000_000, len(ticks) * len(watched)
    )
    rows = len(ts)
    polls = table(
        {
            "ts": ts,
            "uid": uids(dice, rows),
            "src": monitor.address,
            "sport": dice.integers(49152, 65535, rows),
            "out": dice.integers(300, 420, rows),
            "in": dice.integers(900, 2_400, rows),
            "seconds": np.round(dice.uniform(0.01, 0.2, rows), 6),
        }
    )
    targets = pick([host.address for host in watched], np.tile(np.arange(len(watched)), len(ticks)))
    saved = [host for host in servers if host.role in ("file-server", "dc")]
    backup = people.with_role("backup")
    copies = table(
        {
            "ts": np.array([at(number, "02:00") + 600_000_000 * n for n in range(len(saved))]),
            "uid": uids(dice, len(saved)),
            "src": pick([h.address for h in saved], np.arange(len(saved))),
            "sport": dice.integers(49152, 65535, len(saved)),
            "out": (dice.normal(18e9 if is_workday(number) else 2e9, 1e9, len(saved))).astype(np.int64).clip(10**8),
            "in": dice.integers(10**6, 10**7, len(saved)),
            "seconds": np.round(dice.uniform(1200, 3600, len(saved)), 6),
        }
    )
    return {
        "conn": merged(
            [
                conn_rows(polls, targets, 443, "tcp", "ssl"),
                conn_rows(copies, pa.repeat(pa.scalar(backup.address), len(saved)), 445, "tcp", "smb"),
            ]
        )
    }
