"""`check`: everything that can be said of data and network before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from netsitter.data.faults import counted
from netsitter.doors.beginning import begun
from netsitter.doors.inputs import Build, asked_for
from netsitter.errors import PlanError
from netsitter.plan.plan import Plan
from netsitter.record.events import Checked, Concluded, Event, Found, Verdict, to_json
from netsitter.record.findings import Finding
from netsitter.record.sink import Sink, pump
from netsitter.record.trace import Trace
from netsitter.report.console import Console
from netsitter.report.fragment import fragment
from netsitter.train.beginning import beginning
from netsitter.train.device import own_conditions
from netsitter.train.losses import Loss
from netsitter.train.own_optimiser import MakeOptimizer


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
    def not_checked(self) -> list[tuple[str, str]]:
        """What could not be looked at, and why."""
        start = self.trace.start
        data = () if start is None or start.data is None else start.data.not_checked
        return [*(("data", why) for why in data), *(() if start is None else start.not_checked)]

    @property
    def passed(self) -> bool:
        """Whether no check warned or failed."""
        return all(check.verdict in (Verdict.PASSED, Verdict.SKIPPED) for check in self.checks)

    def _repr_html_(self) -> str:
        return fragment(self.trace)

    def as_json(self) -> dict[str, Any]:
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "checks": [to_json(check) for check in self.checks],
            "choices": [to_json(choice) for choice in self.trace.choices],
            "not_checked": self.not_checked,
        }

    def __repr__(self) -> str:
        bad = [check.check for check in self.checks if check.verdict in (Verdict.WARNED, Verdict.FAILED)]
        checks = "checks passed" if self.passed else f"look at {', '.join(bad)}"
        return f"<Report: {counted(len(self.findings), 'finding')}; {checks}>"


def check(
    model: Any = None,
    data: Any = None,
    *,
    net: str | Build | nn.Module | None = None,
    loss: str | Loss | None = None,
    optimizer: str | MakeOptimizer | None = None,
    plan: Plan | str | Path | None = None,
    show: bool | Sink = True,
    data_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    **short: Any,
) -> Report:
    """What can be said before training: of data, network, loss and optimiser. Nothing is trained, nothing is written.

    model: your own `nn.Module`, of which copies are looked at, or a function that builds one. `check(data, net=...)` is
        another way to write it; then `net` may be a name as well.
    data: as for `fit`. With a network of your own, arrays and tensors go into it as they are.
    loss: a name, a torch loss, or any f(outputs, targets). optimizer: a name, or a torch optimizer class.
    lr, batch, epochs and the other short options are those of `fit`.

    >>> check("digits", net="mlp:50", show=False).passed
    True
    """
    if data is None and not isinstance(model, nn.Module) and net is not None:
        model, data = net, model
    elif data is None and net is None and not callable(model):
        model, data = None, model
    elif net is not None:
        raise PlanError("the network was given twice", code="P13", fix="check(model, data), or check(data, net=...)")
    asked = asked_for(
        data,
        net=model,
        loss=loss,
        optimizer=optimizer,
        plan=plan,
        options={**(options or {}), **short},
        data_dir=data_dir,
    )
    prepared, network = begun(asked)
    own = prepared.plan.net.kind == "own"
    trace = Trace()
    sinks: list[Sink] = [trace, *([Console(details=True)] if show is True else [show] if show else [])]
    with own_conditions(prepared.plan.loop, prepared.device):
        for _ in pump(_concluded(beginning(prepared, network, name=prepared.source.name, gradients=own)), sinks):
            pass
    return Report(trace)


def _concluded(events: Iterator[Event]) -> Iterator[Event]:
    """The events, and what was found once more at the end."""
    found: list[Finding] = []
    for event in events:
        found += [event.finding] if isinstance(event, Found) else []
        yield event
    yield Concluded(tuple(found))
