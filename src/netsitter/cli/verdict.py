"""What a command says of a run at its end: JSON for programs, the exit code for shells."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from netsitter.errors import PlanError, closest, shown
from netsitter.record.events import Checked, Outcome, Verdict, to_json
from netsitter.record.findings import SEVERITIES, Finding, gravest

if TYPE_CHECKING:
    from netsitter.doors.run import Run

CLEAN, FOUND, MISUSE, RESUMABLE = 0, 1, 2, 3
"""Exit codes: clean; findings as grave as asked, or diverged; bad input, nothing written; stopped, work saved."""

GRAVE = {Verdict.WARNED: "warning", Verdict.FAILED: "error"}
"""How grave a check is that did not pass."""


def checked_severity(fail_on: str) -> str:
    """The value of --fail-on. Raises PlanError for an unknown one."""
    if fail_on not in (*SEVERITIES, "never"):
        raise PlanError(
            f"--fail-on = {shown(fail_on)} is no severity.{closest(fail_on, SEVERITIES)}",
            code="P07",
            allowed=", ".join((*SEVERITIES, "never")),
        )
    return fail_on


def exit_code(run: Run, fail_on: str) -> int:
    """The exit code of a run; 128 + the signal's number when one stopped it, as shells have it."""
    if run.outcome is Outcome.INTERRUPTED:
        return 128 + (run.stopped_by or signal.SIGINT)
    return FOUND if run.outcome is Outcome.DIVERGED else code_of(run.findings, run.trace.checks, fail_on)


def code_of(findings: list[Finding], checks: list[Checked], fail_on: str) -> int:
    """FOUND where a finding or a check is as grave as `fail_on`, else CLEAN."""
    if fail_on == "never":
        return CLEAN
    told = {gravest(findings), *(GRAVE.get(check.verdict) for check in checks)} - {None}
    grave = any(SEVERITIES.index(severity) >= SEVERITIES.index(fail_on) for severity in told)
    return FOUND if grave else CLEAN


def as_json(run: Run) -> dict[str, Any]:
    """A run as plain values: outcome, scores, findings, checks, choices, history."""
    return {
        "run": str(run.path) if run.path else None,
        "outcome": run.outcome.value if run.outcome else None,
        "metrics": run.scores,
        "findings": [finding.as_json() for finding in run.findings],
        "checks": [to_json(check) for check in run.trace.checks],
        "choices": [to_json(choice) for choice in run.trace.choices],
        "history": run.history,
        "plan": run.plan.model_dump(mode="json"),
    }
