"""Every rule there is, found by looking through the folder `rules/`: a new file there is a new rule."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from netsitter.diagnose import rules as folder
from netsitter.diagnose.rule import Rule, thresholds_of
from netsitter.errors import PlanError, closest, shown
from netsitter.plan.plan import Plan
from netsitter.plan.sections import RulesPlan


@cache
def rules(needs: str | None = None) -> tuple[Rule[Any], ...]:
    """The rules in the order of their codes; those that read one record only, when `needs` names it."""
    found: list[Rule[Any]] = []
    for module in walk_packages(folder.__path__, folder.__name__ + "."):
        if not module.ispkg:
            found += _rules_in(module.name)
    found.sort(key=lambda rule: rule.code)
    return tuple(rule for rule in found if needs is None or rule.reads(needs))


def chosen(needs: str, plan: Plan) -> tuple[Rule[Any], ...]:
    """The rules that read this record, of those that the plan selects and does not ignore, with its thresholds."""
    return tuple(rule for rule in _of(plan.rules) if rule.reads(needs))


def checked_rules(plan: Plan) -> None:
    """Raises PlanError, with the nearest name, for a rule, a family or a threshold that there is not."""
    _of(plan.rules)


@cache
def _of(asked: RulesPlan) -> tuple[Rule[Any], ...]:
    selected = _named(asked.select) if asked.select else set(rules())
    kept = [rule for rule in rules() if rule in selected - _named(asked.ignore)]
    limits: dict[str, dict[str, float]] = {}
    for text in asked.thresholds:
        name, _, number = text.partition("=")
        rule = rule_of(name.strip().rpartition(".")[0])
        limit = name.strip().rpartition(".")[2].upper()
        known = thresholds_of(type(rule))
        if limit not in known:
            nearest = closest(limit, map(str.lower, known))
            raise PlanError(
                f"{rule.code} {rule.slug} has no threshold {shown(limit)}.{nearest}",
                code="P67",
                where=f"rules.thresholds = {text}",
                allowed=", ".join(known) or "none",
            )
        limits.setdefault(rule.code, {})[limit] = float(number)
    return tuple(rule.with_limits(limits.get(rule.code, {})) for rule in kept)


def _named(names: tuple[str, ...]) -> set[Rule[Any]]:
    """The rules with these codes or slugs, or of these families."""
    families = {rule.code[:3] for rule in rules()}
    found: set[Rule[Any]] = set()
    for name in names:
        family = name.strip().upper()
        found |= (
            {rule for rule in rules() if rule.code[:3] == family} if family in families else {rule_of(name.strip())}
        )
    return found


def rule_of(name: str) -> Rule[Any]:
    """The rule with this code or slug. Raises PlanError that names the nearest."""
    known = {key: rule for rule in rules() for key in (rule.code, rule.slug)}
    found = known.get(name) or known.get(name.upper()) or known.get(name.lower())
    if found is None:
        raise PlanError(
            f"there is no rule {shown(name)}.{closest(name, [rule.slug for rule in rules()])}",
            code="P66",
            fix="netsitter rules lists them all",
        )
    return found


def _rules_in(module: str) -> list[Rule[Any]]:
    """The one rule that a file of the folder defines, named as the file is."""
    defined = [
        value
        for value in vars(import_module(module)).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module
    ]
    name = module.rpartition(".")[2].replace("_", "-")
    if [rule.slug for rule in defined] != [name]:
        raise TypeError(f"{module} must define one rule, with the slug {name!r}; got {[rule.slug for rule in defined]}")
    return [defined[0]()]
