"""One ``<Event>`` element as flat names and values, read without entities, DTD or network."""

from __future__ import annotations

from typing import Any

from lxml import etree

_MAX_DEPTH = 16  # levels below the element


class XmlError(Exception):
    """The bytes are no well-formed element of an event."""


def event_fields(xml: bytes) -> list[tuple[str, str]]:
    """Return the dotted names and the text of an ``<Event>`` (or ``<EventData>``) element; raises XmlError.

    Names are those that ``windows_form`` knows: ``System.Provider.Name``, ``EventData.IpAddress``,
    ``UserData.LogFileCleared.Channel``. Data without a name becomes ``EventData.param1`` ….
    """
    root = _parsed(xml)
    if root.getroottree().docinfo.doctype:
        raise XmlError("has a document type, which no event has")
    parts: list[tuple[str, str]] = []
    if _local(root) == "EventData":
        _event_data(root, parts)
        return parts
    if _local(root) != "Event":
        raise XmlError("the element is no Event")
    for part in root.iterchildren(tag=etree.Element):
        if _local(part) == "EventData":
            _event_data(part, parts)
        else:
            _descend(part, _local(part), parts, 0)
    return [(_message(name), value) for name, value in parts]


def _parsed(xml: bytes) -> Any:
    # XML drops the \r of a line end, which the values of the other layouts keep; as a reference it survives.
    attempts = [xml.replace(b"\r\n", b"&#13;\n"), xml] if b"\r\n" in xml else [xml]
    for attempt in attempts:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(attempt, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            if attempt is attempts[-1]:
                raise XmlError(" ".join(str(error).split())[:160]) from error
    raise XmlError("empty")


def _text(text: str | None) -> str:
    """Return the text of an element; the line breaks of pretty printing are none."""
    return "" if text is None or ("\n" in text and not text.strip()) else text


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _event_data(element: Any, parts: list[tuple[str, str]]) -> None:
    if (template := element.get("Name")) is not None:
        parts.append(("EventDataName", template))
    unnamed = 0
    for data in element.iterchildren(tag=etree.Element):
        name = data.get("Name")
        if name is None and _local(data) == "Data":
            unnamed += 1
            name = f"param{unnamed}"
        elif name is None and len(data):
            _descend(data, f"EventData.{_local(data)}", parts, 0)
            continue
        parts.append((f"EventData.{name or _local(data)}", _text("".join(data.itertext()))))


def _descend(element: Any, path: str, parts: list[tuple[str, str]], depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise XmlError(f"nested deeper than {_MAX_DEPTH} levels")
    for name, value in element.attrib.items():
        parts.append((f"{path}.{name.rpartition('}')[2]}", value))
    children = list(element.iterchildren(tag=etree.Element))
    if children:
        for child in children:
            _descend(child, f"{path}.{_local(child)}", parts, depth + 1)
    elif (text := _text(element.text)) or not (element.attrib or path.startswith("System.")):
        parts.append((path, text))


def _message(name: str) -> str:
    return "Message" if name == "RenderingInfo.Message" else name
