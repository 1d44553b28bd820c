"""`cure`: the remedies of what is wrong, tried and measured; what helps is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from netsitter.curing.program import Program
from netsitter.curing.treat import SHARE, Treatment
from netsitter.curing.words import changes_of, snippet
from netsitter.diagnose.registry import checked_rules
from netsitter.doors.beginning import begun
from netsitter.doors.fit import conducted
from netsitter.doors.folder import RunFolder, new_folder, run_folder
from netsitter.doors.inputs import Asked, asked_for
from netsitter.doors.reporting import report_kept, told_later
from netsitter.doors.run import Run
from netsitter.errors import PlanError, RunError
from netsitter.plan.files import write_plan
from netsitter.plan.plan import Plan, differing
from netsitter.record.cures import CureFacts, Round
from netsitter.record.durable import write_durably
from netsitter.record.events import Cured as CuredEvent
from netsitter.record.events import Event, Known
from netsitter.record.findings import Finding
from netsitter.record.sink import Sink
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace
from netsitter.report.cure_console import CureConsole
from netsitter.report.figures.registry import Figures
from netsitter.report.fragment import fragment
from netsitter.train.device import own_conditions
from netsitter.train.losses import Loss
from netsitter.train.own_optimiser import MakeOptimizer

PLAN_FILE = "cured.toml"
"""The plan with the remedies that helped, in the folder of the run that was cured."""

FIRST_SEED = 101
"""Of the experiments: other seeds than a plan is likely to have."""

MOST_SEEDS = 10


class Cured:
    """What came of a cure.

    facts: all that was tried, with its effect. before, program: as it was, and with what helped.
    run: the cured program trained in full, None where that was not asked for. told: by the run that was cured.
    """

    def __init__(self, facts: CureFacts, before: Program, program: Program, told: Iterable[Event] = ()) -> None:
        self.facts, self.before, self.program = facts, before, program
        self.run: Run | None = None
        self._before = tuple(told)

    @property
    def changed(self) -> tuple[str, ...]:
        """What was changed, in your words: "`net.4`: `nn.Sigmoid` -> `nn.ReLU`", "SGD lr 3 -> 0.1"."""
        return self.facts.changed

    @property
    def snippet(self) -> str:
        """The same as code to paste."""
        return self.facts.code

    @property
    def plan(self) -> Plan:
        """The plan with what helped; surgery on a network of your own stands in `net.surgery`."""
        return self.program.plan

    @property
    def left(self) -> tuple[Finding, ...]:
        """What is still wrong, for you to mend."""
        return self.facts.left

    def build(self) -> nn.Module:
        """The cured network at its start, ready for a loop of your own."""
        return self.program.network()

    @property
    def network(self) -> nn.Module:
        """The cured network: trained where it was trained, else at its start."""
        return self.run.network if self.run is not None else self.build()

    @property
    def trace(self) -> Trace:
        """The run that was cured, where there was one, and what the cure came to."""
        return Trace([*self._before, CuredEvent(self.facts.as_json())])

    @property
    def figures(self) -> Figures:
        """Its figures as plotly objects: `figures.loss()`; `list(figures)` says which there are."""
        return Figures(self.trace)

    def _repr_html_(self) -> str:
        return fragment(self.trace)

    def as_json(self) -> dict[str, Any]:
        return {
            **self.facts.as_json(),
            "plan": self.plan.model_dump(mode="json"),
            "trained": None if self.run is None else {"run": str(self.run.path or ""), "metrics": self.run.scores},
        }

    def __repr__(self) -> str:
        return f"<Cured: {'; '.join(self.changed) or 'nothing changed'}>"


def cure(
    run: Run | str | Path | None = None,
    data: Any = None,
    *,
    net: Any = None,
    loss: str | Loss | None = None,
    optimizer: str | MakeOptimizer | None = None,
    plan: Plan | str | Path | None = None,
    train: bool = False,
    seeds: int = 3,
    budget: float = SHARE,
    runs: str | Path | None = "runs",
    show: bool | Sink = True,
    data_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    **short: Any,
) -> Cured:
    """Tries the remedies of what is wrong beside the sick network, measures what each brings, and keeps what helps.

    run: a `Run` or its folder; its findings are taken up. Without one the program itself is given, as to `fit`:
        cure(net=build, data=(x, y), loss=..., optimizer=..., lr=...). For a folder whose run was made from Python
        values, data, net, loss and optimizer are handed in again.
    train: whether the cured program is trained in full, as a new run in `runs`.
    seeds: of the experiments, from 2 to 10. budget: what they may cost together, in trainings of the sick program;
        a few seconds are always allowed.
    show: whether to print what happens.
    Faults of the data are told and never covered up. The run itself stays as it is; the plan with what helped is
    written into its folder. Raises PlanError, DataError, NetError or RunError before any work.

    >>> slow = fit("digits", net="mlp:20", optimizer="sgd", lr=1e-6, epochs=5, runs=None, show=False)
    >>> cure(slow, show=False).plan.optim.lr > 1e-4
    True
    """
    if not 2 <= seeds <= MOST_SEEDS:
        raise PlanError(f"seeds must be from 2 to {MOST_SEEDS}; got {seeds}", code="P70", fix="seeds=3")
    if not 0.1 <= budget <= 1000:
        raise PlanError(f"budget must be from 0.1 to 1000 trainings; got {budget:g}", code="P70", fix="budget=1.5")
    given = {"net": net, "loss": loss, "optimizer": optimizer, "data_dir": data_dir}
    if run is not None:
        if plan is not None or options or short:
            raise PlanError(
                "a run has its plan already", code="P13", fix="cure(run), or cure(net=..., data=..., lr=...)"
            )
        program, folder, found, start = _of_run(run, data, **given)
    else:
        asked = asked_for(data, plan=plan, options={**(options or {}), **short}, **given)
        program, folder, found, start = _program(asked), None, None, None
    told = CureConsole() if show else None
    with own_conditions(program.plan.loop, program.ready.device):
        numbers = range(FIRST_SEED, FIRST_SEED + seeds)
        treatment = Treatment(program, found, start, tuple(numbers), budget, told.progress if told else None)
        facts = _treated(treatment, told)
    if folder is not None:
        _kept(folder, facts, treatment.arm.program.plan)
    told_before = folder.trace() if folder is not None else run.trace if isinstance(run, Run) else Trace()
    cured = Cured(facts, program, treatment.arm.program, told_before.events)
    if told is not None:
        told.concluded(facts, str(folder.path / PLAN_FILE) if folder is not None else "")
    if train and facts.kept:
        name = f"{program.ready.source.name}-cured"
        cured.run = trained(cured, None if runs is None else Path(runs), name, show)
        if told is not None:
            told.trained(run.scores if isinstance(run, Run) else {}, cured.run.scores, cured.run.outcome)
        if folder is not None:
            told_later(folder, Known("cured run", {"run": str(cured.run.path or ""), "scores": cured.run.scores}))
    report_kept(folder)
    return cured


def trained(cured: Cured, runs: Path | None, name: str, show: bool | Sink = True) -> Run:
    """The cured program trained in full, as a run of its own."""
    program = cured.program
    folder = None if runs is None else new_folder(runs, name, program.plan)
    return conducted(program.ready, program.network(), folder, show, build=program.build)


def _treated(treatment: Treatment, told: CureConsole | None) -> CureFacts:
    program = treatment.program
    if told is not None:
        told.began(treatment.most, len(treatment.seeds))
    rounds: list[Round] = []
    for found in treatment.rounds():
        rounds.append(found)
        if told is not None:
            told.round(found, len(rounds), "R²" if program.ready.parts.measure.real else "share right")
    after = treatment.arm.program
    changes = changes_of(program, after, after.remedies, treatment.seeds[0])
    return CureFacts(
        metric="R²" if program.ready.parts.measure.real else "share right",
        rounds=tuple(rounds),
        left=tuple(finding for finding in treatment.left if finding.severity != "note"),
        changed=tuple(change.says for change in changes),
        code=snippet(changes) if changes and program.plan.net.kind == "own" else "",
        changes={path: now for path, (_, now) in differing([program.plan, after.plan]).items()},
        cost=treatment.cost,
        most=treatment.most,
        seeds=len(treatment.seeds),
    )


def _of_run(
    run: Run | str | Path, data: Any, **given: Any
) -> tuple[Program, RunFolder | None, list[Finding], StartFacts | None]:
    """The program of a run, with what its doctor concluded."""
    if isinstance(run, Run) and run.ready is not None and data is None:
        return Program(run.ready, run.build), run.folder, run.findings, run.trace.start
    if isinstance(run, Run):
        if run.folder is None:
            raise RunError("this run does not have its data at hand", code="S50", fix="cure(run, data=...)", state="")
        run = run.folder.path
    folder = run_folder(run)
    trace = folder.trace()
    if trace.started is None:
        raise RunError(f"the journal of {folder.path} does not say how it began", code="S32")
    plan = folder.plan()
    if plan.net.kind == "own" and given["net"] is None:
        raise RunError(
            f"this run's network is built by {plan.net.own}, and code is never run from a run's folder",
            code="S41",
            fix=f"--net {plan.net.own}, or net=FUNCTION from Python, if you trust it",
            state="the run is as it was.",
        )
    asked = asked_for(data, plan=plan, options={}, **given)
    return _program(asked), folder, trace.findings, trace.start


def _program(asked: Asked) -> Program:
    checked_rules(asked.plan)
    prepared, _ = begun(asked)
    return Program(prepared, asked.build)


def _kept(folder: RunFolder, facts: CureFacts, plan: Plan) -> None:
    """The plan with what helped, and the cure in the run's journal."""
    told_later(folder, CuredEvent(facts.as_json()))
    if facts.kept:
        write_durably(folder.path / PLAN_FILE, write_plan(plan).encode())
