"""The kit that every rule passes: its cases, its page, its messages and its remedies."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any

from netsitter.diagnose.doctor import KINDS, concluded, examine
from netsitter.diagnose.registry import rules
from netsitter.diagnose.rule import HEADINGS, Rule, page_of, thresholds_of
from netsitter.plan.plan import changed
from netsitter.record.findings import SEVERITIES, finding_of

LONGEST_SEEN = 240
"""Characters of what was seen: it is one line of a table, with its number and limit."""


class RuleKit(ABC):
    """Inherit it in a test class that pytest collects, and give the rule under test as a fixture called `rule`."""

    @abstractmethod
    def rule(self) -> Rule[Any]: ...

    def test_a_sick_case_gives_this_finding_and_no_other_root(self, rule: Rule[Any]) -> None:
        assert rule.sick, "a rule needs a case that it speaks on"
        for case in rule.sick:
            found = [
                finding.slug for finding in concluded(examine(KINDS[type(case.record)], case.record, case.plan), None)
            ]
            assert found == [rule.slug], f"{case.about}: {found}"

    def test_a_well_case_gives_no_finding_at_all(self, rule: Rule[Any]) -> None:
        assert rule.well, "a rule needs a case that it is silent on"
        for case in rule.well:
            assert rule.check(case.record, case.plan) == [], case.about

    def test_a_finding_tells_what_where_and_by_which_number(self, rule: Rule[Any]) -> None:
        for case in rule.sick:
            for finding in rule.check(case.record, case.plan):
                assert (finding.code, finding.slug) == (rule.code, rule.slug)
                assert finding.where, case.about
                assert re.search(r"\d", finding.seen), f"no number in {finding.seen!r}"
                assert len(finding.seen) <= LONGEST_SEEN, f"{len(finding.seen)} characters: {finding.seen!r}"
                assert finding.remedies, f"{case.about}: what is to be done?"
                assert all(remedy.says.endswith(".") for remedy in finding.remedies)
                assert SEVERITIES.index(finding.severity) <= SEVERITIES.index(rule.severity)
                assert finding_of(finding.as_json()) == finding

    def test_its_gravest_case_has_the_severity_that_it_declares(self, rule: Rule[Any]) -> None:
        found = {finding.severity for case in rule.sick for finding in rule.check(case.record, case.plan)}
        assert rule.severity in found, f"declares {rule.severity}; its cases give {sorted(found)}"

    def test_every_change_of_a_remedy_is_an_option_of_the_plan(self, rule: Rule[Any]) -> None:
        for case in rule.sick:
            for finding in rule.check(case.record, case.plan):
                for remedy in finding.remedies:
                    changed(case.plan, remedy.changes)
                    assert (remedy.safety == "advice") == (not remedy.can_be_tried), remedy.says

    def test_data_that_a_remedy_prepares_gives_no_such_finding(self, rule: Rule[Any]) -> None:
        for case in (case for case in rule.sick if KINDS[type(case.record)] == "data"):
            remedies = [remedy for finding in rule.check(case.record, case.plan) for remedy in finding.remedies]
            for remedy in (remedy for remedy in remedies if remedy.changes):
                assert rule.check(case.record, changed(case.plan, remedy.changes)) == [], f"{case.about}: {remedy.says}"

    def test_its_page_has_all_headings_and_something_under_each(self, rule: Rule[Any]) -> None:
        page = page_of(type(rule))
        assert tuple(page) == HEADINGS
        assert all(page.values()), [heading for heading, text in page.items() if not text]

    def test_its_page_names_each_threshold_with_its_number(self, rule: Rule[Any]) -> None:
        said = page_of(type(rule))["Threshold"]
        for name, value in thresholds_of(type(rule)).items():
            written = f"{name} = {value:g}".replace("e-0", "e-")
            assert written in said, f"the page should say {written}"

    def test_no_other_rule_has_its_code_or_slug(self, rule: Rule[Any]) -> None:
        assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.slug)
        others = [other for other in rules() if other is not rule]
        assert rule.code not in {other.code for other in others}
        assert rule.slug not in {other.slug for other in others}

    def test_the_same_record_gives_the_same_findings(self, rule: Rule[Any]) -> None:
        for case in (*rule.sick, *rule.well):
            assert rule.check(case.record, case.plan) == rule.check(case.record, case.plan)
