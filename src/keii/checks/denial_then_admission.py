"""One voice denies or does not confirm, and later admits."""

from __future__ import annotations

from collections.abc import Iterator

from keii.checks.interface import Check, Claims, found
from keii.model import Category, Claim, Finding

_DENIED = (
    "leak.occurred",
    "intrusion.occurred",
    "leak.personal",
    "leak.sensitive",
    "data.personal",
    "data.classified",
    "ransom.paid",
)
_PERSONAL = ("data.personal", "leak.personal")  # «none among it» is taken back by «personal data was taken»
_ADMITS = (
    "intrusion.occurred",
    "leak.occurred",
    "affected.files",
    "affected.persons",
    "affected.records",
    "affected.hosts",
)


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per voice: its first denial and the first admissions after it."""
    voices: dict[str, list[Claim]] = {}
    for claim in claims.all:
        if claim.basis == "stated":
            voices.setdefault(claims.origins.voice(claim), []).append(claim)
    for voice, said in sorted(voices.items()):
        if "@" in voice:
            continue  # an author or an anonymous source does not admit for the victim
        denials = [claim for claim in said if claim.topic in _DENIED and claim.polarity != "affirmed"]
        families: dict[tuple[str, ...], Claim] = {}
        for claim in denials:
            families.setdefault(_admissions(claim.topic), claim)
        for denial in families.values():
            admitted = [
                claim
                for claim in said
                if claim.topic in _admissions(denial.topic)
                and claim.polarity == "affirmed"
                and claim.modality == "certain"
                and claims.said_before(denial, claim)
                and _same_data(denial, claim)
            ]
            if not admitted:
                yield from _then_possible(claims, said, denial)
            else:
                same = denial.topic in _PERSONAL or any(claim.topic == denial.topic for claim in admitted)
                why = "denied" if denial.polarity == "denied" else "not-confirmed"
                yield found(
                    "denial-then-admission",
                    "denial-then-admission",
                    claims,
                    [denial],
                    why if same else f"{why}-then-access",
                    against=admitted[:5],
                )


def _then_possible(claims: Claims, said: list[Claim], denial: Claim) -> Iterator[Finding]:
    """Yield where a voice that denied, or did not confirm, later calls it possible: less than an admission, but a change."""
    opened = [
        claim
        for claim in said
        if claim.topic == denial.topic
        and claim.polarity == "affirmed"
        and claim.modality in ("possible", "suspected")
        and claims.said_before(denial, claim)
        and _same_data(denial, claim)
    ]
    if opened:
        yield found(
            "denial-then-admission", "denial-then-admission", claims, [denial], "then-possible", against=opened[:5]
        )


def _same_data(denial: Claim, claim: Claim) -> bool:
    """Return whether an admission is about what was denied: who denied the leak of card data may admit another."""
    kinds = [set(one.value.items) if isinstance(one.value, Category) else set() for one in (denial, claim)]
    return not kinds[0] or bool(kinds[0] & kinds[1]) or (denial.polarity == "not-confirmed" and not kinds[1])


def _admissions(topic: str) -> tuple[str, ...]:
    if topic in _PERSONAL:
        return (*_PERSONAL, "affected.persons")
    if topic == "ransom.paid":
        return ("ransom.paid",)
    return (topic,) if topic.split(".")[0] == "data" or topic == "leak.sensitive" else _ADMITS


CHECK = Check(
    id="denial-then-admission",
    asks="Who first denied, or did not confirm, and then admitted?",
    needs=("leak.*",),
    run=run,
)
