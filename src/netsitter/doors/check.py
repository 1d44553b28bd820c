"""`check`: everything that can be said of data and network before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from netsitter.data.faults import counted
from netsitter.doors.beginning import beginning, begun
from netsitter.doors.inputs import Build, asked_for
from netsitter.plan.plan import Plan
from netsitter.record.events import Checked, Verdict, to_json
from netsitter.record.findings import Finding
from netsitter.record.sink import Sink, pump
from netsitter.record.trace import Trace
from netsitter.report.console import Console
from netsitter.train.device import own_conditions
from netsitter.train.losses import Loss


@dataclass(frozen=True)
class Report:
    """What was said before training."""

    trace: Trace

    @property
    def findings(self) -> list[Finding]:
        return self.trace.findings

    @property
    def checks(self) -> list[Checked]:
        return self.trace.checks

    @property
    def passed(self) -> bool:
        """Whether no check warned or failed."""
        return all(check.verdict in (Verdict.PASSED, Verdict.SKIPPED) for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "checks": [to_json(check) for check in self.checks],
            "choices": [to_json(choice) for choice in self.trace.choices],
        }

    def __repr__(self) -> str:
        bad = [check.check for check in self.checks if check.verdict in (Verdict.WARNED, Verdict.FAILED)]
        checks = "checks passed" if self.passed else f"look at {', '.join(bad)}"
        return f"<Report: {counted(len(self.findings), 'finding')}; {checks}>"


def check(
    data: Any = None,
    *,
    net: str | Build | nn.Module | None = None,
    loss: str | Loss | None = None,
    plan: Plan | str | Path | None = None,
    show: bool | Sink = True,
    data_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    **short: Any,
) -> Report:
    """What can be said before training; the arguments are those of `fit`. Nothing is written.

    >>> check("digits", net="mlp:50", show=False).passed
    True
    """
    asked = asked_for(data, net=net, loss=loss, plan=plan, options={**(options or {}), **short}, data_dir=data_dir)
    prepared, network = begun(asked)
    own = prepared.plan.net.kind == "own"
    trace = Trace()
    sinks: list[Sink] = [trace, *([Console(details=True)] if show is True else [show] if show else [])]
    with own_conditions(prepared.plan.loop, prepared.device):
        for _ in pump(beginning(prepared, network, name=prepared.source.name, gradients=own), sinks):
            pass
    return Report(trace)
