"""`Plan`: everything that decides a run, as one frozen value; and plans from files, options and Python values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from netsitter.errors import PlanError, closest, shown
from netsitter.plan.field import Section, extra, field
from netsitter.plan.sections import DataPlan, LoopPlan, NetPlan, OptimPlan, RulesPlan

MOST_FAULTS = 20
"""Faults told of one plan; more are counted."""


class Plan(Section):
    """What a run shall be: data, net, optim, loop and rules. Two equal plans give the same run on the same machine."""

    data: DataPlan = field(DataPlan(), "the examples")
    net: NetPlan = field(NetPlan(), "the network")
    optim: OptimPlan = field(OptimPlan(), "how weights move")
    loop: LoopPlan = field(LoopPlan(), "how long, and what is kept")
    rules: RulesPlan = field(RulesPlan(), "what the doctor goes by")


def plan_of(values: Mapping[str, Any], *, where: str = "the plan") -> Plan:
    """The plan with these nested values.

    where: named in the error, as the user would find it: "plan.toml", "the options".
    Raises PlanError that lists every fault of the values, each with its dotted name.
    """
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        raise _told(error, where) from None


def changed(plan: Plan, changes: Mapping[str, Any], *, where: str = "the options") -> Plan:
    """The plan with some dotted names set: `changed(plan, {"optim.lr": 1e-3})`. Raises PlanError."""
    values = plan.model_dump()
    for path, value in changes.items():
        section, _, name = path.partition(".")
        if not name and section == "net" and isinstance(value, str):
            values["net"] = _short(value, values["net"], where)
            continue
        field_at(path)
        values[section] = {**values[section], name: value}
    return plan_of(values, where=where)


def value_at(plan: Plan, path: str) -> Any:
    """The value under a dotted name. Raises PlanError for an unknown one."""
    field_at(path)
    section, _, name = path.partition(".")
    return getattr(getattr(plan, section), name)


@cache
def paths() -> Mapping[str, Any]:
    """Every dotted name with its field, in the order in which a plan file lists them."""
    return MappingProxyType(
        {
            f"{section}.{name}": info
            for section, part in Plan.model_fields.items()
            for name, info in _section(part.annotation).model_fields.items()
        }
    )


def field_at(path: str) -> Any:
    """The field under a dotted name. Raises PlanError that names the nearest."""
    known = paths()
    if path not in known:
        tail = [name for name in known if name.endswith("." + path.rpartition(".")[2])]
        hint = f" Did you mean {tail[0]!r}?" if tail else closest(path, known)
        raise PlanError(
            f"there is no option {shown(path)}.{hint}",
            code="P01",
            fix="netsitter init shows every option with its meaning",
        )
    return known[path]


def differing(plans: list[Plan]) -> dict[str, list[Any]]:
    """The dotted names in which these plans differ, each with the values in order."""
    found = {}
    for path in paths():
        section, _, name = path.partition(".")
        values = [getattr(getattr(plan, section), name) for plan in plans]
        if any(value != values[0] for value in values):
            found[path] = values
    return found


def by_trial(path: str) -> bool:
    """Whether trials of one cohort may differ in this field."""
    return bool(extra(field_at(path), "by_trial"))


def _section(annotation: Any) -> type[BaseModel]:
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return annotation


def _short(text: str, net: dict[str, Any], where: str) -> dict[str, Any]:
    """The net's values with what a short form says; what it does not say of the kind is forgotten."""
    try:
        named = NetPlan.model_validate(text)
    except ValidationError as error:
        raise _told(error, where, under="net") from None
    return {**net, "kind": named.kind, "sizes": named.sizes, "own": named.own}


def _told(error: ValidationError, where: str, under: str = "") -> PlanError:
    """One PlanError that lists every fault which pydantic found."""
    faults = []
    for fault in error.errors(include_url=False, include_context=False):
        place = ".".join([under, *map(str, fault["loc"])] if under else map(str, fault["loc"]))
        if fault["type"] == "extra_forbidden":
            siblings = [path for path in paths() if path.startswith(place.rpartition(".")[0])]
            faults.append(f"{place}: no such option.{closest(place, siblings or paths())}")
        else:
            said = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{place} = {shown(fault['input'])}: {said[0].lower()}{said[1:]}")
    more = f" (and {len(faults) - MOST_FAULTS} more)" if len(faults) > MOST_FAULTS else ""
    return PlanError(
        f"{len(faults)} option{'s' * (len(faults) > 1)} cannot be used",
        code="P02",
        where=f"{where}: " + "; ".join(faults[:MOST_FAULTS]) + more,
        fix="netsitter init shows every option with its bounds",
    )
