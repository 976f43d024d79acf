"""The ends of a rule's header as expressions; what a variable stands for is not known here and asks nothing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from keii.errors import RuleError
from keii.hunt.sigma.compile import join_all, join_any
from keii.hunt.sigma.expression import Compare, Expression, Network, Not, Text

MOST_PARTS = 20_000  # of one list of addresses
MOST_DEPTH = 20  # of lists inside of lists

_Of = Callable[[str, str], Expression]


def addresses(field: str, written: str) -> Expression | None:
    """Return what an end's address must be, None where any will do. Raises RuleError."""
    return _listed(field, written, _address, 0)


def ports(field: str, written: str) -> Expression | None:
    """Return what an end's port must be, likewise."""
    return _listed(field, written, _port, 0)


def _listed(field: str, written: str, one: _Of, depth: int) -> Expression | None:
    if depth > MOST_DEPTH:
        raise RuleError(f"lists of its header stand deeper than {MOST_DEPTH} in one another")
    if written.startswith("!"):
        inner = _listed(field, written[1:], one, depth + 1)
        if inner is None and written[1:] == "any":
            raise RuleError("!any in its header holds for nothing")
        return Not(inner) if inner is not None else None
    if not written.startswith("[") and "," in written:
        written = f"[{written}]"
    if not written.startswith("["):
        return None if written.lower() == "any" or written.startswith("$") else one(field, written)
    if not written.endswith("]"):
        raise RuleError(f"{written[:40]!r} is no list")
    wanted: list[Expression] = []
    unwanted: list[Expression] = []
    open_ = False
    for part in _split(written[1:-1]):
        found = _listed(field, part, one, depth + 1)
        if part.startswith("!"):
            unwanted += [found] if found is not None else []
        elif found is None:
            open_ = True
        else:
            wanted.append(found)
    parts = ([_joined(wanted)] if wanted and not open_ else []) + unwanted
    return join_all(parts) if parts else None


def _joined(wanted: list[Expression]) -> Expression:
    """Return any of the parts, those that ask for one text as one list."""
    texts = [one for one in wanted if isinstance(one, Text)]
    others: list[Expression] = [one for one in wanted if not isinstance(one, Text)]
    if texts:
        others.insert(
            0, Text(texts[0].field, "is", tuple(dict.fromkeys(value for one in texts for value in one.values)))
        )
    return join_any(others)


def _split(text: str) -> list[str]:
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
    parts.append(text[begin:].strip())
    if not all(parts) or len(parts) > MOST_PARTS:
        raise RuleError("a list of its header is empty, has an empty part or too many")
    return parts


def _address(field: str, written: str) -> Expression:
    try:
        if "-" in written:
            first, _, last = written.partition("-")
            ends = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
            networks = list(ipaddress.summarize_address_range(*ends))
            return join_any([Network(field, str(network)) for network in networks])
        network = ipaddress.ip_network(written, strict=False)
    except (ValueError, TypeError):
        raise RuleError(f"{written[:40]!r} is no address") from None
    if network.prefixlen == network.max_prefixlen:
        return Text(field, "is", (str(network.network_address),))
    return Network(field, str(network))


def _port(field: str, written: str) -> Expression:
    match = re.fullmatch(r"(\d{0,5})(:)?(\d{0,5})", written)
    if match is None or not (match[1] or match[3]) or int(match[1] or 0) > 65_535 or int(match[3] or 0) > 65_535:
        raise RuleError(f"{written[:40]!r} is no port")
    if not match[2]:
        return Text(field, "is", (str(int(written)),))
    first, last = int(match[1] or 0), int(match[3] or 65_535)
    if first > last:
        raise RuleError(f"{written[:40]!r} is no range of ports")
    return join_all([Compare(field, "gte", first), Compare(field, "lte", last)])
