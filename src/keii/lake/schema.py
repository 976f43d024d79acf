"""The event tables of the lake: one narrow table per event class, columns named after OCSF where a name exists.

Every table starts with the common columns. ``kind`` in a field's metadata says which indicators the column can hold;
``unit`` names the unit. Times are UTC microseconds. What a source record has and no column takes is kept as a JSON
object in ``more``. A batch may lack columns: they are null.

=========  ======================================  ==========================
table      what                                    OCSF class
=========  ======================================  ==========================
network    connections and flows                   Network Activity 4001
dns        queries with their answers              DNS Activity 4003
http       requests, also through proxies          HTTP Activity 4002
tls        handshakes                              Network Activity 4001
files      files seen on the wire                  Network File Activity 4010
smb        file operations and tree connects       SMB Activity 4006
remote     RDP, DCE-RPC, NTLM, Kerberos            Authentication 3002
dhcp       leases                                  DHCP Activity 4004
alerts     what a sensor concluded                 Detection Finding 2004
windows    Windows events, original field names    (by channel and event id)
sensor     loss and health of the sensor itself    (none)
generic    any other log                           Base Event 0
=========  ======================================  ==========================
"""

from __future__ import annotations

import pyarrow as pa

from keii.data import lines

TIME = pa.timestamp("us", tz="UTC")


def _column(name: str, type_: pa.DataType, kind: str = "", unit: str = "") -> pa.Field:
    metadata = {key: value for key, value in (("kind", kind), ("unit", unit)) if value}
    return pa.field(name, type_, metadata=metadata or None)


_TEXT, _INT, _REAL = pa.string(), pa.int64(), pa.float64()

COMMON = (
    _column("occurred", TIME),  # when it happened by the source's clock, null where the record has no usable time
    _column("source", _TEXT),  # Source.id
    _column("record", _INT),  # Locator.record
    _column("host", _TEXT),  # the machine whose log this is (Computer, server); null for a network sensor's log
    _column("more", _TEXT, "json"),  # JSON object of the fields that have no column, null where there are none
)
_ENDS = (
    _column("src_ip", _TEXT, "ip"),
    _column("src_port", pa.int32()),
    _column("dst_ip", _TEXT, "ip"),
    _column("dst_port", pa.int32()),
)
_UID = (_column("uid", _TEXT),)  # the sensor's id of the connection (Zeek uid, Suricata flow_id)
_HASHES = (_column("md5", _TEXT, "md5"), _column("sha1", _TEXT, "sha1"), _column("sha256", _TEXT, "sha256"))


def _table(*columns: pa.Field) -> pa.Schema:
    return pa.schema([*COMMON, *columns])


TABLES: dict[str, pa.Schema] = {
    "network": _table(
        *_ENDS,
        *_UID,
        _column("protocol", _TEXT),  # tcp, udp, icmp
        _column("service", _TEXT),  # application protocol as the sensor names it
        _column("duration", _REAL, unit="s"),
        _column("bytes_out", _INT, unit="byte"),  # from the originator, payload
        _column("bytes_in", _INT, unit="byte"),
        _column("ip_bytes_out", _INT, unit="byte"),  # with IP headers
        _column("ip_bytes_in", _INT, unit="byte"),
        _column("packets_out", _INT),
        _column("packets_in", _INT),
        _column("state", _TEXT),  # Zeek conn_state (SF, S0, REJ …) or the flow state of the sensor
        _column("action", _TEXT),  # allow or deny for a firewall
    ),
    "dns": _table(
        *_ENDS,
        *_UID,
        _column("query", _TEXT, "domain"),
        _column("query_type", _TEXT),
        _column("rcode", _TEXT),
        _column("answers", pa.list_(_TEXT), "answer"),  # addresses or names
    ),
    "http": _table(
        *_ENDS,
        *_UID,
        _column("method", _TEXT),
        _column("url", _TEXT, "url"),  # absolute where host is known: scheme://host[:port]/path?query
        _column("hostname", _TEXT, "domain"),  # host of the request, without port; an address where it is one
        _column("path", _TEXT),  # path and query
        _column("user_agent", _TEXT, "user-agent"),
        _column("referrer", _TEXT, "url"),
        _column("status", pa.int32()),
        _column("mime_type", _TEXT),
        _column("bytes_out", _INT, unit="byte"),  # request body
        _column("bytes_in", _INT, unit="byte"),  # response body
        _column("user", _TEXT),
        _column("proxied", pa.bool_()),  # True where the log is a proxy's: dst_ip is then what the proxy reached
    ),
    "tls": _table(
        *_ENDS,
        *_UID,
        _column("server_name", _TEXT, "domain"),
        _column("version", _TEXT),
        _column("ja3", _TEXT, "ja3"),
        _column("ja3s", _TEXT, "ja3"),
        _column("ja4", _TEXT, "ja4"),
        _column("subject", _TEXT),
        _column("issuer", _TEXT),
        _column("certificate", _TEXT, "certificate"),  # fingerprint, lower-case hex
        _column("serial", _TEXT, "serial"),  # serial number of the certificate, hex as logged
        _column("established", pa.bool_()),
    ),
    "files": _table(
        *_ENDS,
        *_UID,
        _column("name", _TEXT, "file-name"),
        _column("mime_type", _TEXT),
        _column("size", _INT, unit="byte"),
        _column("protocol", _TEXT),
        *_HASHES,
    ),
    "smb": _table(
        *_ENDS,
        *_UID,
        _column("action", _TEXT),  # open, read, write, delete, rename, tree-connect
        _column("share", _TEXT),
        _column("path", _TEXT, "file-path"),
        _column("size", _INT, unit="byte"),
        _column("user", _TEXT),
    ),
    "remote": _table(
        *_ENDS,
        *_UID,
        _column("protocol", _TEXT),  # rdp, dce_rpc, ntlm, kerberos, ssh
        _column("user", _TEXT),
        _column("domain", _TEXT),
        _column("client_name", _TEXT),  # workstation as the client says
        _column("server_name", _TEXT),
        _column("endpoint", _TEXT),  # DCE-RPC interface (svcctl)
        _column("operation", _TEXT),  # DCE-RPC operation, Kerberos request type
        _column("service", _TEXT),  # Kerberos service principal
        _column("success", pa.bool_()),
    ),
    "dhcp": _table(
        _column("mac", _TEXT),
        _column("address", _TEXT, "ip"),
        _column("client_name", _TEXT),
        _column("lease", _REAL, unit="s"),
        _column("server", _TEXT, "ip"),
        _column("action", _TEXT),  # assign, renew, release, expire
    ),
    "alerts": _table(
        *_ENDS,
        *_UID,
        _column("signature", _TEXT),
        _column("signature_id", _TEXT),
        _column("category", _TEXT),
        _column("severity", _TEXT),
        _column("detail", _TEXT),
    ),
    # Windows events keep the field names of the event itself as further columns, all text: those of
    # data/windows_fields.txt become columns (present in a file where some event of it has the field), any other field
    # goes into ``more``. Dates and hex numbers stay as logged. Columns are told apart without case: of names that
    # differ only by case there is one, and a field named like a column here has ``Data_`` before it (``Data_Channel``:
    # the log that a 104 tells as cleared).
    "windows": _table(
        _column("channel", _TEXT),
        _column("provider", _TEXT),
        _column("event_id", pa.int32()),
        _column("record_id", _INT),  # EventRecordID: unique and rising within (host, channel) of one log's life
        _column("level", pa.int32()),
        _column("user_sid", _TEXT),  # Security/@UserID of the System part
        _column("process_id", _INT),
        _column("logged_on", _TEXT),  # the host that stored the record where it is not ``host`` (forwarded events)
        _column("tag", _TEXT),  # RuleName, Task or Opcode text where the layout has one
    ),
    "sensor": _table(
        _column("sensor", _TEXT),
        _column("interval", _REAL, unit="s"),
        _column("expected", _REAL),  # segments or packets seen or expected
        _column("lost", _REAL),
        _column("lost_share", _REAL),  # 0..1
    ),
    "generic": _table(
        _column("log", _TEXT),  # what log it is (``zeek:weird``)
        _column("message", _TEXT),
        _column("values", pa.list_(_TEXT), "any"),  # every text value, for the hunt
    ),
}

# The Windows fields that can hold an indicator, by kind. A field not named here that has no column is searched in ``more``.
WINDOWS_KINDS: dict[str, str] = {
    "IpAddress": "ip", "SourceIp": "ip", "DestinationIp": "ip", "SourceAddress": "ip", "DestAddress": "ip",
    "ClientAddress": "ip", "Address": "ip", "ClientIP": "ip",
    "DestinationHostname": "domain", "SourceHostname": "domain", "QueryName": "domain", "QueryResults": "answer",
    "Hashes": "hashes", "Hash": "hashes", "MD5": "md5", "SHA256": "sha256",
    "Image": "file-path", "ParentImage": "file-path", "NewProcessName": "file-path", "ParentProcessName": "file-path",
    "ProcessName": "file-path", "TargetFilename": "file-path", "ImageLoaded": "file-path", "ObjectName": "file-path",
    "RelativeTargetName": "file-path", "SourceImage": "file-path", "TargetImage": "file-path",
    "OriginalFileName": "file-name", "ServiceFileName": "command", "ImagePath": "command", "CommandLine": "command",
    "ParentCommandLine": "command", "ScriptBlockText": "command", "TaskContent": "command", "Details": "command",
    "TargetObject": "registry-key", "PipeName": "named-pipe", "Url": "url", "url": "url",
}  # fmt: skip


def windows_fields() -> tuple[str, ...]:
    """Return the names of the Windows event fields that have a column of their own."""
    return lines("windows_fields.txt")
