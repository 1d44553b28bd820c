"""A run's events as lines for people: what the console prints, and nothing that is not in the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from textwrap import wrap
from typing import Any

from netsitter.errors import printable
from netsitter.record.events import Checked, Chosen, Ended, EpochEnded, Outcome, Started, TrialEnded, Verdict
from netsitter.record.findings import Finding, Remedy
from netsitter.record.standard_error import error_of_share

MARKS = {Verdict.PASSED: "ok", Verdict.WARNED: "warning", Verdict.FAILED: "failed", Verdict.SKIPPED: "skipped"}


def started_lines(event: Started) -> list[str]:
    """What is trained, on what, and how much of it."""
    data, net, rows = event.data, event.net, event.data["rows"]
    what = "images" if data["image"] else "rows"
    kinds = f"{len(data['classes'])} classes" if data["classes"] else "a real target"
    parts = f"{rows['train']:,} to train, {rows['val']:,} to validate"
    parts += f", {rows['test']:,} untouched for the test" if "test" in rows else ""
    network = f"{net['kind'] if net['kind'] != 'own' else 'your own network'}, {net['parameters']:,} parameters"
    return [
        printable(f"{data['name']}: {what} of {shape(data['example'], data['image'])}, {kinds}; {parts}"),
        f"network: {network}; on {event.machine['device']}",
        *(printable(f"note: {note}") for note in data["notes"]),
    ]


def choice_lines(choices: list[Chosen]) -> list[str]:
    """What was chosen, aligned, each with its reason."""
    shown = [(choice.path, _value(choice.value), choice.reason) for choice in choices]
    wide = [max((len(row[column]) for row in shown), default=0) for column in (0, 1)]
    return [f"  {path:<{wide[0]}}  {value:<{wide[1]}}  {reason}" for path, value, reason in shown]


def check_line(event: Checked) -> str:
    """One check as one line."""
    return f"  {MARKS[event.verdict]:<7}  {event.check}: {event.says}"


def depth_lines(layers: list[Mapping[str, Any]]) -> list[str]:
    """What each layer does to signals at the start: a table of mean, spread, share dead and share saturated."""
    rows = [("layer", "kind", "mean", "spread", "dead", "saturated")]
    for layer in layers:
        flat = "" if layer["saturated"] is None else f"{layer['saturated']:.1%}"
        numbers = (f"{layer['mean']:.3g}", f"{layer['std']:.3g}", f"{layer['dead']:.1%}", flat)
        rows.append((printable(layer["name"]) or "(itself)", layer["kind"], *numbers))
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    told = [f"{row[0]:<{wide[0]}}  {row[1]:<{wide[1]}}" for row in rows]
    return [
        "    " + "  ".join([left, *(f"{cell:>{size}}" for cell, size in zip(row[2:], wide[2:], strict=True))]).rstrip()
        for left, row in zip(told, rows, strict=True)
    ]


def finding_lines(finding: Finding) -> list[str]:
    """One finding: what, where, numbers, places, remedies."""
    where = f" ({finding.where})" if finding.where else ""
    lines = [f"{finding.severity} {finding.code} {finding.slug}{where}: {finding.seen}"]
    lines += [f"    {place}" for place in finding.places]
    lines += [f"    do: {remedy_text(remedy)}" for remedy in finding.remedies]
    grave = [echo for echo in finding.echoes if echo.severity != "note"]
    notes = dict.fromkeys(f"{echo.code} {echo.slug}" for echo in finding.echoes if echo.severity == "note")
    lines += [f"    and so: {echo.code} {echo.slug} ({echo.where}): {echo.seen}" for echo in grave]
    lines += [f"    and so, of less weight: {', '.join(notes)}"] if notes else []
    return [printable(line) for line in lines]


def remedy_text(remedy: Remedy) -> str:
    """A remedy with the fields of the plan that it sets: "Draw the weights anew, He's way. (net.init = he)"."""
    fields = ", ".join(f"{name} = {_value(value)}" for name, value in remedy.changes.items())
    return f"{remedy.says} ({fields})" if fields else remedy.says


def found_line(finding: Finding) -> str:
    """One finding while training goes on."""
    return printable(f"{finding.severity} {finding.code} {finding.slug} ({finding.where}): {finding.seen}")


def checked_lines(findings: Sequence[Finding], not_checked: Sequence[tuple[str, str]]) -> list[str]:
    """The verdict of a check, whose findings have been told in full: how many there are, and what was not seen."""
    counts = [(severity, sum(found.severity == severity for found in findings)) for severity in ("error", "warning")]
    told = [counted(number, severity) for severity, number in counts if number]
    lines = [
        f"{' and '.join(told)}: see above." if told else "Nothing is wrong, as far as can be seen before training."
    ]
    return [*lines, *(printable(f"Not checked: {what}: {why}") for what, why in not_checked)]


def verdict_lines(findings: Sequence[Finding], not_checked: Sequence[tuple[str, str]]) -> list[str]:
    """What the doctor says of the whole run: the findings above a note in full, notes by name, what was not seen."""
    grave = [finding for finding in findings if finding.severity != "note"]
    notes = [f"{finding.code} {finding.slug}" for finding in findings if finding.severity == "note"]
    lines = ["Nothing is wrong, as far as can be seen."] if not grave else ["What is wrong, the gravest first:"]
    lines += [line for finding in grave for line in finding_lines(finding)]
    lines += [f"Notes: {', '.join(dict.fromkeys(notes))} (netsitter explain CODE)"] if notes else []
    lines += [printable(f"Not checked: {what}: {why}") for what, why in not_checked]
    return lines


def epoch_line(event: EpochEnded, trial: int = 0) -> str:
    """One epoch of one trial. train and val are scores measured the same way: same weights, evaluation mode."""
    cost, train, val, lr = (event.values[f"epoch/{name}"][trial] for name in ("cost", "train", "val", "lr"))
    best = "  best" if event.best[trial] else ""
    return (
        f"Finished epoch {event.epoch} / {event.epochs}: cost {cost:f}, train: {train:f}, val {val:f}, lr {lr:e}{best}"
    )


def trial_line(event: TrialEnded) -> str:
    """Why a trial is over, when that needs a word."""
    return f"{event.outcome} at step {event.step:,}: {event.says}" if event.says else ""


def ended_lines(event: Ended, started: Started | None, where: str) -> list[str]:
    """How it ended and how good it is."""
    lines = []
    if event.outcome is Outcome.INTERRUPTED:
        lines.append(f"Stopped after {counted(event.step, 'step')}" + ("; all work is saved." if where else "."))
    elif event.outcome is Outcome.DIVERGED:
        lines.append(
            "The loss is no longer a number. What is wrong and what to do stands above; --lr sets another rate"
        )
    part = "test" if "test" in event.scores else "val"
    if part in event.scores and started is not None:
        lines.append(_result(event, started, part))
    if where:
        lines += [f"The run: {where}", f"See it:  {where}/report.html"]
        if event.outcome is Outcome.INTERRUPTED:
            lines.append(f"Go on:   netsitter resume {quote(where)}{_own_net(started)}")
        elif event.scores:
            lines.append(f"Use it:  netsitter predict {quote(where)} DATA{_own_net(started)}")
    return lines


def _own_net(started: Started | None) -> str:
    """The option that hands a network of the user's own over again; its code is never run unasked."""
    own = started.plans[0]["net"]["own"] if started is not None else ""
    return f" --net {quote(own)}" if own else ""


def shape(example: tuple[int, ...], image: bool) -> str:
    """(C, Y, X) as people write it: "32 x 32 x 3"; of a row, how many numbers."""
    if not image:
        return f"{example[0]:,} numbers" if len(example) == 1 else " x ".join(map(str, example))
    return " x ".join(map(str, (*example[1:], example[0])))


def counted(number: int, one: str) -> str:
    """ "1 step", "1,200 steps"."""
    return f"{number:,} {one}{'s' * (number != 1)}"


def wrapped(line: str, width: int) -> list[str]:
    """The line broken between words, the rest of it set in. One that holds a command stays whole, to be copied."""
    if len(line) <= width or "netsitter " in line:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def clock(seconds: float) -> str:
    """ "12 s", "3 min 05 s", "2 h 07 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"


def _result(event: Ended, started: Started, part: str) -> str:
    score = event.scores[part]["score"][0]
    rows = started.data["rows"][part]
    words = {"test": "the untouched test part", "val": "the validation part"}[part]
    after = f" It took {clock(event.seconds)}." if event.seconds else ""
    if started.data["classes"]:
        guess = max(_counts(started.data["facts"][part]), default=0) / rows
        error = error_of_share(score, rows)
        return (
            f"Result: {score:.4f} ± {error:.4f} right on {words} ({rows:,} rows); "
            f"always guessing the largest class scores {guess:.4f}.{after}"
        )
    return f"Result: R² {score:.4f} on {words} ({rows:,} rows); always answering the mean scores 0.{after}"


def _counts(facts: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(facts["class_counts"])


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
