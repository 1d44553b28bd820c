"""The doctor: puts a record before every rule that reads such a record."""

from __future__ import annotations

from typing import Any

from netsitter.diagnose.registry import rules
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import SEVERITIES, Finding


def examine_data(facts: DataFacts, plan: Plan) -> list[Finding]:
    """What is wrong with the data, as the plan prepares it, the gravest first. What could not be seen stands in
    `facts.not_checked`.
    """
    return examine("data", facts, plan)


def examine(needs: str, record: Any, plan: Plan) -> list[Finding]:
    """The findings of all rules that read this kind of record, the gravest first, then by code."""
    found = [finding for rule in rules(needs) for finding in rule.check(record, plan)]
    return sorted(found, key=lambda finding: (-SEVERITIES.index(finding.severity), finding.code))
