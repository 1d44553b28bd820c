"""Every rule there is, found by looking through the folder `rules/`: a new file there is a new rule."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from netsitter.diagnose import rules as folder
from netsitter.diagnose.rule import Rule
from netsitter.errors import PlanError, closest, shown
from netsitter.plan.plan import Plan


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
    """The rules that read this record."""
    return rules(needs)


def checked_rules(plan: Plan) -> None:
    """Raises PlanError for a rule or a threshold that there is not."""


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
