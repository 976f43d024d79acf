"""The URL of a request from its parts, over whole columns."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.frame import Columns


def fill_url(columns: Columns) -> None:
    """Fill ``url``, ``hostname``, ``dst_port`` and ``proxied`` from host, uri, method and port as a sensor saw them.

    The scheme is http, whatever the port: a sensor reads only requests that are not encrypted.

    A uri that is absolute is the URL itself (the client spoke to a proxy). CONNECT names host and port in the uri; the
    port of the sensor's own connection then stays in ``more`` as it is the proxy's.
    """
    values, rows = columns.values, len(columns.frame.records)
    null = pa.nulls(rows, pa.string())
    host, path = values.get("hostname", null), values.get("path", null)
    method = values.get("method", null)
    port = values.get("dst_port", pa.nulls(rows, pa.int32()))
    tunnel = pc.fill_null(pc.equal(method, "CONNECT"), fill_value=False)
    absolute = pc.fill_null(pc.match_substring_regex(path, r"^[A-Za-z][A-Za-z0-9+.-]*://"), fill_value=False)
    bare, host_port = _split_host(host)
    shown = pc.coalesce(host_port, pc.cast(port, pa.string()))
    usual = pc.fill_null(pc.equal(shown, "80"), fill_value=True)
    base = pc.binary_join_element_wise("http", _bracketed(bare), "://")
    base = pc.if_else(usual, base, pc.binary_join_element_wise(base, shown, ":"))
    url = pc.binary_join_element_wise(base, pc.fill_null(path, ""), "")
    url = pc.if_else(absolute, path, url)
    values["hostname"], values["url"] = bare, url
    values["proxied"] = pc.or_(tunnel, absolute)
    if pc.any(tunnel).as_py():
        _fill_tunnels(columns, tunnel, path)


def _split_host(host: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Split ``host:port``; an IPv6 address keeps its colons and loses its brackets."""
    parts = pc.extract_regex(host, r"^(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?$")
    name = pc.coalesce(pc.utf8_trim(pc.struct_field(parts, "host"), characters="[]"), host)
    port = pc.struct_field(parts, "port")
    return name, pc.if_else(pc.equal(port, ""), pa.scalar(None, pa.string()), port)


def _bracketed(host: pa.Array) -> pa.Array:
    six = pc.fill_null(pc.match_substring(host, ":"), fill_value=False)
    return pc.if_else(six, pc.binary_join_element_wise("[", host, "]", ""), host)


def _fill_tunnels(columns: Columns, tunnel: pa.Array, path: pa.Array) -> None:
    values = columns.values
    host, port = _split_host(pc.if_else(tunnel, path, pa.scalar(None, pa.string())))
    values["hostname"] = pc.if_else(tunnel, pc.coalesce(host, values["hostname"]), values["hostname"])
    number = pc.cast(port, pa.int64())
    number = pc.cast(pc.if_else(pc.less(number, 65_536), number, pa.scalar(None, pa.int64())), pa.int32())
    if "dst_port" in values:
        values["dst_port"] = pc.coalesce(number, values["dst_port"])
        for name in ("id.resp_p", "id_resp_p"):
            if name in columns.taken:
                columns.taken[name] = tunnel
    else:
        values["dst_port"] = number
    values["url"] = pc.if_else(tunnel, path, values["url"])
