"""The URL of a request from its parts, over whole columns."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.frame import Columns

_ADDRESS = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$"

_URL = (
    r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/?#\[\]]*)(?::(?P<port>[0-9]{1,5}))?(?P<path>.*)$"
)


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
    if pc.any(values["proxied"]).as_py():
        _drop_proxy(columns)


def _drop_proxy(columns: Columns) -> None:
    """Take the proxy's own address out of ``dst_ip``; it stays in ``more``."""
    proxied, host = columns.values["proxied"], columns.values["hostname"]
    reached = pc.if_else(is_address(host), host, pa.scalar(None, pa.string()))
    if "dst_ip" in columns.values:
        columns.values["dst_ip"] = pc.if_else(proxied, reached, columns.values["dst_ip"])
        for name in ("id.resp_h", "id_resp_h", "dest_ip"):
            if name in columns.taken:
                columns.taken[name] = proxied


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
        for name in ("id.resp_p", "id_resp_p", "dest_port"):
            if name in columns.taken:
                columns.taken[name] = tunnel
    else:
        values["dst_port"] = number
    values["url"] = pc.if_else(tunnel, path, values["url"])


def is_address(values: pa.Array) -> pa.Array:
    """Return where text has the form of an IPv4 or IPv6 address; False for null."""
    return pc.fill_null(pc.match_substring_regex(values, _ADDRESS), fill_value=False)


class UrlParts(NamedTuple):
    """Scheme, host without brackets, port as text and path with query; null where a URL has none."""

    scheme: pa.Array
    host: pa.Array
    port: pa.Array
    path: pa.Array


def split_url(url: pa.Array) -> UrlParts:
    """Return the parts of absolute URLs, and of the ``host:port`` of a CONNECT."""
    whole = pc.extract_regex(url, _URL)
    end = pc.extract_regex(url, r"^(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/\[\]]+):(?P<port>[0-9]{1,5})$")
    host = pc.coalesce(pc.struct_field(whole, "host"), pc.struct_field(end, "host"))
    return UrlParts(
        scheme=pc.utf8_lower(pc.struct_field(whole, "scheme")),
        host=_filled(pc.utf8_trim(host, characters="[]")),
        port=_filled(pc.coalesce(pc.struct_field(whole, "port"), pc.struct_field(end, "port"))),
        path=_filled(pc.struct_field(whole, "path")),
    )


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def usual_port(parts: UrlParts) -> pa.Array:
    """Return the port of each URL: the one it names, else that of its scheme."""
    named = {"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443"}
    index = pc.index_in(parts.scheme, value_set=pa.array(list(named)))
    return pc.coalesce(parts.port, pa.array(list(named.values())).take(index))
