"""How a record becomes the marks of a figure: `Drawn` says it for one rule; the readers are shared by several."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pages.picture import Bar, Box, Line, Marks

from netsitter.diagnose.evidence import reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.record.graph import Operation
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace


@dataclass(frozen=True)
class Drawn:
    """What to draw of a rule's cases.

    values, across: what the axes say. read: the marks of a case.
    limit: name of the threshold, or how it follows from the rule and the record; None draws none.
    sick, well: which of the cases that have such a record; the first by default.
    """

    values: str
    read: Callable[[Rule[Any], Case], Marks]
    limit: str | Callable[[Any, Any], float | None] | None = None
    across: str = ""
    log: bool = False
    limit_says: str = "limit"
    sick: int = 0
    well: int = 0

    def limit_of(self, rule: Rule[Any], record: Any) -> float | None:
        if isinstance(self.limit, str):
            return float(getattr(rule, self.limit))
        return None if self.limit is None else self.limit(rule, record)


Reader = Callable[[Rule[Any], Case], Marks]


def bars(read: Callable[[Any], Mapping[str, float | None]]) -> Reader:
    """Bars by name, from numbers by name."""
    return lambda rule, case: tuple(Bar(name, value) for name, value in read(case.record).items())


def one(name: str, read: Callable[[Any], float | None]) -> Reader:
    """A single bar."""
    return bars(lambda record: {name: read(record)})


def curves(**series: str) -> Reader:
    """Lines of these series over their readings; of one that has layers or weights a line for each of them."""
    return lambda rule, case: tuple(
        line for name, of in series.items() for line in lines_of(case.record, of, name.replace("_", " "))
    )


def lines_of(trace: Trace, series: str, name: str) -> list[Line]:
    """The lines of one series of the first trial: over epochs, or over steps for the loss of the batches."""
    curve = trace.curve(series)
    if not len(curve.steps):
        return []
    columns = curve.values[:, 0].reshape(len(curve.steps), -1).T
    steps = curve.steps if series == "loss" else range(1, len(curve.steps) + 1)
    watched = trace.watched
    by_place = next((watched[k] for k in ("layers", "weights") if len(watched.get(k, ())) == len(columns)), ())
    # One layer and one weight look alike: the series tells them apart.
    by_place = watched.get("weights", by_place) if series.startswith(("grad/", "update/", "weight/")) else by_place
    many = curve.values.ndim > 2 and len(by_place) == len(columns)
    return [
        Line(
            str(by_place[n]) if many else name,
            thinned([(float(x), float(y)) for x, y in zip(steps, column, strict=True)]),
        )
        for n, column in enumerate(columns)
    ]


def thinned(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The points without those that lie between two of their own height, once there are many of them."""
    if len(points) < 40:
        return tuple(points)
    ends = (points[0], points[-1])
    inner = (p for a, p, b in zip(points, points[1:], points[2:], strict=False) if not a[1] == p[1] == b[1])
    return (ends[0], *inner, ends[1])


def network(rule: Rule[Any], case: Case) -> Marks:
    """The operations of the network, one under the other; those that the finding names are ill."""
    graph = case.record.graph
    places = _named(graph.operations, [finding.where for finding in rule.check(case.record, case.plan)])
    return tuple(Box(_operation(o), place in places) for place, o in enumerate(graph.operations))


def _named(operations: Iterable[Operation], wheres: list[str]) -> set[int]:
    known = list(operations)
    found: set[int] = set()
    for where in wheres:
        named = [n for n, o in enumerate(known) if o.name and o.name in re.findall(r"[\w.]+", where)]
        if " to " in where and named:
            named = [n for n in range(named[0], named[-1] + 1) if known[n].kind == known[named[0]].kind]
        found |= set(named)
    return found


def _operation(operation: Operation) -> str:
    facts, says = operation.facts, operation.kind
    if operation.role == "weights" and facts.get("inputs") is not None:
        says += f" {facts['inputs']} → {facts['units']}" + (" with bias" if facts.get("bias") else " without bias")
    if facts.get("rate"):
        says += f" {facts['rate']:g}"
    return says + (f" along axis {facts['axis']}" if "axis" in facts else "")


def gained(start: StartFacts, names: Mapping[str, str]) -> dict[str, float | None]:
    """How far short trainings came, by what they are called here."""
    return {said: reached(start.attempts[name]) for name, said in names.items() if name in start.attempts}
