"""What to do next, each with the command that does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from netsitter.record.cures import cure_of
from netsitter.record.events import Concluded, Crowned, Cured, Outcome, SearchBegan
from netsitter.record.trace import Trace
from netsitter.report.text import remedy_text


@dataclass(frozen=True)
class Step:
    """One thing to do. command: what to type, "" where there is no command for it."""

    says: str
    command: str = ""


def next_steps(trace: Trace, where: str = "") -> Iterator[Step]:
    """What to do, the most urgent first. where: the folder, as the user would type it."""
    run = quote(where) if where else "RUN"
    if trace.last(SearchBegan) is not None:
        yield from _of_search(trace, run)
        return
    grave = [one for one in trace.findings if one.severity != "note"]
    cured, ended = trace.last(Cured), trace.ended
    if cured is not None:
        facts = cure_of(cured.facts)
        for one in facts.left:
            yield Step(f"Mend {one.slug}: {remedy_text(one.remedies[0]) if one.remedies else one.seen}")
        best = trace.known.get("cured run", {}).get("run")
        if best:
            yield Step(
                "Use the cured network, which was trained in full.", f"netsitter predict {quote(str(best))} DATA"
            )
        elif facts.kept:
            yield Step("Train the cured plan in full.", f"netsitter fit --plan {run}/cured.toml")
        return
    if ended is None:
        yield Step("If it was killed, it goes on from its last checkpoint.", f"netsitter resume {run}")
    elif ended.outcome is Outcome.INTERRUPTED:
        yield Step("Go on where it stopped.", f"netsitter resume {run}")
    for one in grave[:3]:
        if one.remedies:
            yield Step(f"Against {one.slug}: {remedy_text(one.remedies[0])}")
    if any(remedy.can_be_tried for one in grave for remedy in one.remedies):
        yield Step(
            "Have the remedies tried beside the network as it is, and measured.", f"netsitter cure {run} --train"
        )
    if not grave and ended is not None and trace.started is not None:
        plan = f"--plan {run}/plan.toml" if where else "DATA"
        yield Step("Look for better hyper-parameters, coarse to fine.", f"netsitter search {plan} --trials 100")
        yield Step("Use the network.", f"netsitter predict {run} DATA")


def _of_search(trace: Trace, run: str) -> Iterator[Step]:
    crowned = trace.last(Crowned)
    best = crowned.run if crowned is not None else ""
    for one in trace.findings:
        if one.severity != "note" and one.remedies:
            yield Step(f"Against {one.slug}: {remedy_text(one.remedies[0])}")
    if trace.last(Concluded) is None:
        yield Step("If it was broken off, it goes on with the same trials.", f"netsitter search --resume {run}")
    elif best:
        yield Step("Use the winner, which was trained in full.", f"netsitter predict {quote(best)} DATA")
    else:
        yield Step("Train the winner in full.", f"netsitter fit --plan {run}/best.toml")
