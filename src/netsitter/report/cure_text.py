"""A cure as lines for people: what was tried, what each remedy brought, and the story of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from netsitter.errors import printable
from netsitter.record.cures import CureFacts, Effect, Round, Tried
from netsitter.record.events import Outcome
from netsitter.record.findings import Finding

SAFE = {"safe": "", "changes-model": "changes the model", "advice": "advice"}
"""What is said of a remedy's safety."""


def began_line(most: float, seeds: int) -> str:
    """What it will cost, told before it begins."""
    return (
        f"Trying remedies beside the network as it is, from {seeds} seeds each. All of it costs at most what "
        f"{most:.1f} trainings cost; the doctor looks again after each cure."
    )


def round_lines(found: Round, number: int, metric: str) -> list[str]:
    """One look of the doctor, and the table of what was tried after it."""
    lines = [f"Round {number}"]
    lines += [f"  {f.severity} {f.code} {f.slug} ({f.where}): {f.seen}" for f in found.findings]
    if not found.findings:
        lines += ["  Nothing is wrong any more. What may fit the network as it now is better:"]
    if not found.tried:
        return [*map(printable, lines), "  there is no remedy that could be tried: this is for you to mend"]
    shown = [_row(tried) for tried in found.tried]
    heads = ("", "verdict", f"{metric}", "difference", "loss", "remedy")
    wide = [max(len(row[column]) for row in (heads, *shown)) for column in range(5)]
    for place, row in enumerate((heads, *shown)):
        kept = place > 0 and place - 1 == found.kept
        row = ("*" if kept else " ", *row[1:])
        lines.append("  " + "  ".join(f"{cell:<{size}}" for cell, size in zip(row, wide, strict=False)) + f"  {row[5]}")
        if place:
            lines += [f"  {'':{sum(wide) + 10}}{line}" for line in _details(found.tried[place - 1], kept=kept)]
    return [printable(line.rstrip()) for line in lines]


def _row(tried: Tried) -> tuple[str, ...]:
    effect = tried.effect
    if effect is None:
        return ("", tried.verdict, "", "", "", tried.remedy.says)
    loss = ""
    if effect.loss_before is not None and effect.loss_after is not None:
        loss = f"{effect.loss_before:.3g} -> {effect.loss_after:.3g}"
    difference = f"{effect.mean:+.3f} ± {effect.spread:.3f}"
    scores = f"{_mean(effect.before)} -> {_mean(effect.after)}" + " by class" * effect.by_class
    return ("", tried.verdict, scores, difference, loss, tried.remedy.says)


def _details(tried: Tried, *, kept: bool) -> list[str]:
    lines = list(tried.changed)
    said = [SAFE[tried.remedy.safety], f"could not be trained: {tried.why}" if tried.why else ""]
    if kept and tried.verdict == "no effect":
        said.append("kept all the same: the fault is wrong in itself")
    return [*lines, *([f"({'; '.join(filter(None, said))})"] if any(said) else [])]


def _mean(scores: Sequence[float | None]) -> str:
    """The mean over seeds; "fails" where every one did."""
    known = [score for score in scores if score is not None]
    return f"{fmean(known):.3f}" if known else "fails"


def story(facts: CureFacts) -> list[str]:
    """The cure in one paragraph, and what is left to do."""
    kept = facts.kept
    lines = []
    if not kept:
        tried = sum(len(found.tried) for found in facts.rounds)
        if not facts.rounds:
            lines.append("Nothing is wrong, so nothing was changed.")
        elif tried:
            lines.append(f"None of {tried} remedies helped beyond chance, so nothing was changed.")
        else:
            lines.append("Nothing was changed: what is wrong is for you to mend.")
    else:
        said = [_sentence(one, facts.metric) for one in kept]
        lines.append(" ".join(said))
    lines.append(f"It cost {facts.cost:.2f} trainings of the network as it was.")
    lines += [f"Left for you: {left_line(finding)}" for finding in facts.left]
    return [printable(line) for line in lines]


def left_line(finding: Finding) -> str:
    """A finding that is still there, with the first thing to do."""
    do = f" Do: {finding.remedies[0].says}" if finding.remedies else ""
    return f"{finding.severity} {finding.code} {finding.slug} ({finding.where}): {finding.seen}.{do}"


def trained_lines(
    before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]], how: Outcome | None
) -> list[str]:
    """The score of the cured network beside that of the run before. how: its own training ended."""
    part = "test" if "test" in after else "val"
    if part not in after:
        return []
    was = f"; it was {before[part]['score']:.4f}" if part in before else ""
    of = "the untouched test part" if part == "test" else "the validation part"
    done = (
        "trained in full"
        if how in (Outcome.FINISHED, Outcome.STOPPED_EARLY)
        else f"trained in part ({how or 'unfinished'})"
    )
    return [f"Cured and {done}: {after[part]['score']:.4f} on {of}{was}."]


def _sentence(tried: Tried, metric: str) -> str:
    effect = tried.effect
    assert effect is not None
    against = f"Against {tried.finding[1]}: " if tried.finding[0] else "Fitted to that: "
    if tried.verdict == "no effect":
        return f"{against}{tried.remedy.says} No difference yet ({_change(effect)}); the fault is wrong in itself."
    return f"{against}{tried.remedy.says} The {metric} after {tried.share:.0%} of a training went {_change(effect)}."


def _change(effect: Effect) -> str:
    return f"from {_mean(effect.before)} to {_mean(effect.after)} ({effect.mean:+.3f} ± {effect.spread:.3f})"


def changed_lines(facts: CureFacts) -> list[str]:
    """All that was changed, and how to have it so."""
    if not facts.changed:
        return []
    lines = ["Changed in all:", *(f"  {line}" for line in facts.changed)]
    if facts.code:
        lines += ["To paste where the network has been built:", *(f"    {line}" for line in facts.code.splitlines())]
    return [printable(line) for line in lines]
