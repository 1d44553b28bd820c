"""`Rule`: sees one fault in a record. One rule, one file under `rules/`, with its page and its cases inside."""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any, ClassVar, Generic, TypeVar

from netsitter.plan.plan import Plan, changed
from netsitter.record.findings import Finding, Remedy, Severity

HEADINGS = ("What it sees", "Why it hurts", "Threshold", "Remedy", "Fine when", "Sources")
"""What every rule's docstring says after its first sentence, in this order; each begins a paragraph, with a colon."""

Record = TypeVar("Record")


@dataclass(frozen=True)
class Case:
    """A record that is known to be sick or well.

    about: what it is, in a few words.
    changes: how its plan differs from the one with nothing said.
    """

    about: str
    record: Any
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        return changed(Plan(), self.changes)


class Rule(ABC, Generic[Record]):
    """Sees one fault. Without state: the same record and plan give the same findings.

    code: three letters of the family and a number; never used again for anything else.
    slug: names the fault, never the cure; the file has the same name.
    severity: of its gravest finding.
    needs: which record it reads: "data" for `DataFacts`, "start" for `StartFacts`, "run" for `Trace`, "search" for
        `SearchFacts`; or several of them, where the fault shows in each.
    sick, well: cases that it must and must not speak on; the kit in `netsitter.testing` holds it to them.

    Thresholds are class constants in capitals. The docstring names each with its number and unit, and where it is from.
    Raises TypeError, when a rule is defined, for a docstring without the headings or a missing name.
    """

    code: ClassVar[str]
    slug: ClassVar[str]
    severity: ClassVar[Severity]
    needs: ClassVar[str | tuple[str, ...]]
    sick: ClassVar[tuple[Case, ...]]
    well: ClassVar[tuple[Case, ...]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "check" not in vars(cls):
            return
        missing = [name for name in ("code", "slug", "severity", "needs", "sick", "well") if not hasattr(cls, name)]
        if missing:
            raise TypeError(f"the rule {cls.__name__} must say its {', '.join(missing)}")
        # With -OO there are no docstrings to hold to anything.
        if sys.flags.optimize < 2 and tuple(page_of(cls)) != HEADINGS:
            raise TypeError(
                f"the docstring of the rule {cls.__name__} must have the headings {', '.join(HEADINGS)}, "
                f"in this order; got {', '.join(page_of(cls)) or 'none'}"
            )

    @classmethod
    def reads(cls, record: str) -> bool:
        """Whether it reads this kind of record."""
        return record == cls.needs or (record in cls.needs and not isinstance(cls.needs, str))

    def with_limits(self, limits: Mapping[str, float]) -> Rule[Record]:
        """The same rule with other thresholds; itself where there are none."""
        if not limits:
            return self
        changed_rule = type(self)()
        for name, value in limits.items():
            whole = isinstance(getattr(self, name), int)  # a count stays one, whatever it was written as
            setattr(changed_rule, name, round(value) if whole else value)
        return changed_rule

    @abstractmethod
    def check(self, record: Record, plan: Plan) -> list[Finding]:
        """What it finds in this record; empty when all is well."""

    def finding(
        self,
        where: str,
        seen: str,
        *,
        remedies: tuple[Remedy, ...] = (),
        places: tuple[str, ...] = (),
        severity: Severity | None = None,
        weight: float = 0.5,
        trial: int | None = None,
        step: int | None = None,
    ) -> Finding:
        """A finding of this rule, of its own severity unless a milder one is given."""
        return Finding(
            self.code, self.slug, severity or self.severity, where, seen, remedies, trial, step, places, weight
        )


def page_of(rule: type[Rule[Any]]) -> dict[str, str]:
    """The rule's page: each heading of its docstring with what stands under it."""
    parts = re.split(rf"^({'|'.join(HEADINGS)}): ", cleandoc(rule.__doc__ or ""), flags=re.MULTILINE)
    return {heading: " ".join(text.split()) for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def thresholds_of(rule: type[Rule[Any]]) -> dict[str, float]:
    """The rule's thresholds by name: its class constants in capitals."""
    return {name: value for name, value in vars(rule).items() if name.isupper()}
