"""A run as a story in plain words: what was trained, how good it is, what was wrong, what was done, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from netsitter.record.cures import CureFacts, cure_of
from netsitter.record.events import Concluded, Cured, EpochEnded, Outcome, SearchBegan, Searched
from netsitter.record.findings import Finding
from netsitter.record.trace import Trace
from netsitter.report.glance import Answer, glances
from netsitter.report.next_steps import Step, next_steps
from netsitter.report.score import Score, scores_of
from netsitter.report.search_story import search_scores, search_words
from netsitter.report.text import clock, counted, started_lines


@dataclass(frozen=True)
class Story:
    """What a report says before its first figure.

    state: in a word or two, as "finished" or "still training". at: when it began, seconds since 1970; None if unknown.
    """

    title: str
    state: str
    over: bool
    searched: bool
    at: float | None
    glances: tuple[Answer, ...]
    trained: tuple[str, ...]
    scores: tuple[Score, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    cure: CureFacts | None
    cured_run: str
    next: tuple[Step, ...]


def story_of(trace: Trace, where: str = "") -> Story:
    """The story of a run, a cure or a search. where: its folder, as the user would type it."""
    started, cured = trace.started, trace.last(Cured)
    searched = trace.last(SearchBegan) is not None
    findings = trace.findings
    facts = cure_of(cured.facts) if cured else None
    return Story(
        title=where.rstrip("/").rpartition("/")[2] or (started.name if started else "a run"),
        state=state_of(trace),
        over=trace.ended is not None or (searched and trace.last(Concluded) is not None),
        searched=searched,
        at=started.at if started else None,
        glances=tuple(glances(trace)),
        trained=tuple(search_words(trace) if searched else _trained(trace)),
        scores=tuple(search_scores(trace) if searched else scores_of(trace)),
        findings=tuple(one for one in findings if one.severity != "note"),
        notes=tuple({one.code: one for one in findings if one.severity == "note"}.values()),
        cure=facts,
        cured_run=str(trace.known.get("cured run", {}).get("run", "")),
        next=tuple(next_steps(trace, where)),
    )


def state_of(trace: Trace) -> str:
    """How far it is, in a word or two."""
    if trace.ended is not None:
        return str(trace.ended.outcome)
    began = trace.last(SearchBegan)
    if began is not None:
        done = {told.number for told in trace.of(Searched)}
        return "finished" if trace.last(Concluded) is not None else f"{len(done)} of {began.trials:,} trials"
    if trace.last(Concluded) is not None:
        return "checked, not trained"
    return "still training, or ended without a word" if trace.of(EpochEnded) or trace.names() else "not training yet"


def _trained(trace: Trace) -> list[str]:
    started = trace.started
    if started is None:
        return [] if trace.last(Cured) else ["The journal does not say how this run began."]
    plan, lines = started.plans[0], started_lines(started)
    optim, loop = plan["optim"], plan["loop"]
    penalty = f", L2 penalty {optim['l2']:g}" if optim.get("l2") else ""
    rate = f"{optim['lr']:g}" if optim.get("lr") else "its own"
    how = (
        f"{counted(int(loop['epochs'] or 1), 'epoch')} in batches of {loop['batch']:,}, "
        f"{optim['own'] or optim['kind']} at a learning rate of {rate}{penalty}; loss: {loop['loss'] or 'your own'}."
    )
    ended, epochs = trace.ended, trace.of(EpochEnded)
    if ended is not None and ended.outcome is Outcome.FINISHED:
        how += f" It took {clock(ended.seconds)}."
    elif ended is not None:
        how += f" {str(ended.outcome).capitalize()} after {counted(ended.step, 'step')}."
    elif epochs:
        how += f" So far {epochs[-1].epoch} of {epochs[-1].epochs} epochs are done."
    return [f"Data: {lines[0]}.", *(f"{line[0].upper()}{line[1:]}." for line in lines[1:]), f"Training: {how}"]
