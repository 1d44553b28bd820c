"""`netsitter rules`: every rule with its fault; `netsitter explain CODE`: one rule's page."""

from __future__ import annotations

from inspect import cleandoc
from textwrap import fill
from typing import Annotated, Any

import typer

from netsitter.cli import options as opt
from netsitter.diagnose.registry import rule_of
from netsitter.diagnose.registry import rules as all_rules
from netsitter.diagnose.rule import Rule, page_of, thresholds_of
from netsitter.report.text import finding_lines

WIDTH = 96
"""Columns of a page."""


def rules(
    family: Annotated[str | None, typer.Option("--family", metavar="XXX", help="ACT, DAT, NET ...; else all")] = None,
    json: opt.AsJson = False,
) -> None:
    """List the rules: code, fault, how grave at most, and what it is in a sentence."""
    found = [rule for rule in all_rules() if family is None or rule.code.startswith(family.upper())]
    if json:
        opt.print_json({"rules": [_facts(rule) for rule in found]})
        return
    wide = max((len(rule.slug) for rule in found), default=0)
    for rule in found:
        typer.echo(f"{rule.code}  {rule.slug:<{wide}}  {rule.severity:<7}  {_sentence(rule)}")
    typer.echo(f"\n{len(found)} rules. netsitter explain CODE shows one; --select and --ignore choose among them.")


def explain(
    name: Annotated[str, typer.Argument(metavar="CODE", help="code or slug, as ACT001 or dead-relu")],
    json: opt.AsJson = False,
) -> None:
    """Show one rule's page: what it sees, why it hurts, its thresholds, remedies, and when it is fine."""
    rule = rule_of(name)
    if json:
        opt.print_json(_facts(rule) | {"page": page_of(type(rule))})
        return
    typer.echo(f"{rule.code} {rule.slug}  (at its gravest: {rule.severity})\n\n{_sentence(rule)}\n")
    for heading, text in page_of(type(rule)).items():
        typer.echo(f"{heading}\n{fill(text, WIDTH, initial_indent='  ', subsequent_indent='  ')}\n")
    typer.echo("An example")
    for case in rule.sick[:1]:
        for line in (line for finding in rule.check(case.record, case.plan) for line in finding_lines(finding)):
            typer.echo(fill(line, WIDTH, initial_indent="  ", subsequent_indent="      "))


def _sentence(rule: Rule[Any]) -> str:
    """The first sentence of its docstring."""
    return " ".join(cleandoc(rule.__doc__ or "").split("\n\n")[0].split())


def _facts(rule: Rule[Any]) -> dict[str, Any]:
    return {
        "code": rule.code,
        "slug": rule.slug,
        "severity": rule.severity,
        "sentence": _sentence(rule),
        "thresholds": thresholds_of(type(rule)),
    }
