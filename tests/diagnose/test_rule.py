"""A rule that is not whole is refused when it is defined."""

from __future__ import annotations

import pytest

from netsitter.diagnose.rule import HEADINGS, Rule, page_of, thresholds_of

PAGE = "One sentence.\n\n" + "\n\n".join(f"{heading}: something\nmore." for heading in HEADINGS)
WHOLE = {
    "__doc__": PAGE,
    "code": "XXX001",
    "slug": "odd",
    "severity": "note",
    "needs": "data",
    "sick": (),
    "well": (),
    "check": lambda self, record, plan: [],
}


def defined(**changes):
    body = {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}
    return type("Odd", (Rule,), body)


def test_a_whole_rule_is_taken_and_its_page_is_read_heading_by_heading():
    assert page_of(defined()) == dict.fromkeys(HEADINGS, "something more.")


@pytest.mark.parametrize("name", ["code", "slug", "severity", "needs", "sick", "well"])
def test_a_rule_that_lacks_a_name_is_refused_by_that_name(name):
    with pytest.raises(TypeError, match=name):
        defined(**{name: None})


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_page_without_a_heading_is_refused(heading):
    with pytest.raises(TypeError, match="headings"):
        defined(__doc__=PAGE.replace(f"{heading}:", "Besides:"))


def test_headings_in_another_order_are_refused():
    first, second = f"{HEADINGS[0]}:", f"{HEADINGS[1]}:"
    swapped = PAGE.replace(first, "@").replace(second, first).replace("@", second)
    with pytest.raises(TypeError, match="in this order"):
        defined(__doc__=swapped)


def test_a_heading_inside_a_sentence_is_no_heading():
    page = page_of(defined(__doc__=PAGE.replace("something", "as the Threshold: says", 1)))
    assert tuple(page) == HEADINGS
    assert page[HEADINGS[0]] == "as the Threshold: says more."


def test_thresholds_are_the_constants_in_capitals():
    assert thresholds_of(defined(RATIO=9.0, other=1)) == {"RATIO": 9.0}
