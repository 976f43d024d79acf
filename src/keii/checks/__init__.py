"""Checks: claims in, findings out; one question per file, asked in this order."""

from __future__ import annotations

from collections.abc import Sequence

from keii.checks import (
    agreement,
    contradiction,
    denial_then_admission,
    hedge_lost,
    impossible_order,
    omission,
    revision,
    single_origin,
)
from keii.checks.interface import Check, Claims
from keii.checks.statement import check_statement, holds_statement
from keii.model import Finding, finding_id

CHECKS: tuple[Check, ...] = (
    agreement.CHECK,
    contradiction.CHECK,
    revision.CHECK,
    denial_then_admission.CHECK,
    single_origin.CHECK,
    omission.CHECK,
    hedge_lost.CHECK,
    impossible_order.CHECK,
)


def check(claims: Claims, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Return the findings of every check: YES with claims, UNKNOWN where what it needs is absent, NO where it looked.

    Where one text tells more on one topic than can be compared, an UNKNOWN of no check says how many claims were left out.
    """
    findings: list[Finding] = []
    for one in checks:
        missing = [topic for topic in one.needs if not claims.of(topic)]
        answers = [] if missing else list(one.run(claims))
        if answers:
            findings.extend(answers)
            continue
        findings.append(
            Finding(
                id=finding_id(one.id, "no" if not missing else "unknown"),
                check=one.id,
                kind=one.id,
                answer="unknown" if missing else "no",
                why="finding.unknown.needs" if missing else "finding.no.looked",
                facts={"topics": ", ".join(missing)} if missing else {"claims": str(len(claims.all))},
            )
        )
    if claims.left_out:
        many = {"left_out": str(claims.left_out), "claims": str(len(claims.all))}
        one_id = finding_id("claims", "left-out", *many.values())
        findings.append(
            Finding(id=one_id, check="claims", kind="claims", answer="unknown", why="finding.unknown.many", facts=many)
        )
    return tuple(findings)


__all__ = ["CHECKS", "Check", "Claims", "check", "check_statement", "holds_statement"]
