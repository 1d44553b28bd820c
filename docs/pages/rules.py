"""A page for each rule, from its docstring, its thresholds and what it says on its cases; and their index."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from pages.figures import alt_text, figure_of
from pages.markdown import block, bullets, code, page, plain, sentence, table

from netsitter.diagnose.registry import rules
from netsitter.diagnose.rule import Case, Rule, page_of, thresholds_of
from netsitter.record.findings import SEVERITIES, Finding
from netsitter.report.text import finding_lines

SEEN = {
    "data": "In the data",
    "start": "Before the first step",
    "run": "While training goes on, and at its end",
    "search": "When a search is over",
}
"""Headings of the index by the record that rules read."""

FIRST = {
    "data": "in the data alone",
    "start": "before the first step",
    "run": "while training goes on",
    "search": "in a search",
}

EFFECTS = {"safe": "the model stays what it is", "changes-model": "the model changes", "advice": "yours to do"}
"""What a remedy's safety means, in words."""


def rules_index() -> str:
    return page(
        "# Rules",
        "Each rule sees one fault in a record, and says where, by which number, and what can be done. The severity is "
        f"that of its gravest finding; from the mildest: {', '.join(SEVERITIES)}.",
        *(f"## {heading}\n\n{_listed(record)}" for record, heading in SEEN.items()),
    )


def rule_page(rule: Rule[Any]) -> str:
    said = page_of(type(rule))
    thresholds = ", ".join(code(f"{name} = {value:g}") for name, value in thresholds_of(type(rule)).items())
    return page(
        f"# {rule.code} {rule.slug}",
        summary_of(rule),
        f"At its gravest: {rule.severity}. First seen: {FIRST[first_seen(rule)]}.",
        f"![{alt_text(rule)}]({figure_of(rule)})",
        *(f"## {heading}\n\n{sentence(said[heading])}" for heading in ("What it sees", "Why it hurts", "Threshold")),
        thresholds and f"In the code: {thresholds}.",
        f"## Remedy\n\n{sentence(said['Remedy'])}",
        f"A finding proposes:\n\n{_remedies(rule)}",
        f"## Fine when\n\n{sentence(said['Fine when'])}",
        "## What it says",
        *(f"On {_told(case)}:\n\n{block(_lines(rule, case))}" for case in rule.sick),
        f"It is silent on:\n\n{bullets(map(_told, rule.well))}",
        f"## Sources\n\n{sentence(said['Sources'])}",
        "[All rules](index.md)",
    )


def first_seen(rule: Rule[Any]) -> str:
    """The first record in which the rule can see its fault."""
    return next(record for record in SEEN if rule.reads(record))


def file_of(rule: Rule[Any]) -> str:
    return f"{rule.code}-{rule.slug}.md"


def summary_of(rule: Rule[Any]) -> str:
    """The first sentence of its docstring."""
    return sentence(cleandoc(rule.__doc__ or "").split("\n\n")[0])


def _listed(record: str) -> str:
    listed = [rule for rule in rules() if first_seen(rule) == record]
    rows = [(f"[{rule.code}]({file_of(rule)})", rule.slug, rule.severity, summary_of(rule)) for rule in listed]
    return table(("Code", "Fault", "Severity", "In a sentence"), rows)


def _remedies(rule: Rule[Any]) -> str:
    """Those of all sick cases, each once."""
    remedies = [remedy for case in rule.sick for finding in _found(rule, case) for remedy in finding.remedies]
    rows = [(remedy.says, _settings(remedy.changes), EFFECTS[remedy.safety]) for remedy in remedies]
    return table(("Remedy", "In the plan", "Effect"), dict.fromkeys(rows))


def _lines(rule: Rule[Any], case: Case) -> list[str]:
    return [line for finding in _found(rule, case) for line in finding_lines(finding)]


def _found(rule: Rule[Any], case: Case) -> list[Finding]:
    return rule.check(case.record, case.plan)


def _told(case: Case) -> str:
    return case.about + (f", with {_settings(case.changes)}" if case.changes else "")


def _settings(changes: Any) -> str:
    return ", ".join(code(f"{name} = {plain(value)}") for name, value in changes.items())
