"""Faults of one pass are told together."""

import pytest

from netsitter.data.faults import MOST_PLACES, Faults, listed, named
from netsitter.errors import DataError


def test_no_fault_is_no_error():
    assert Faults().refuse("x", allowed="", fix="") is None


def test_all_places_are_told_up_to_a_limit_and_the_rest_is_counted():
    faults = Faults()
    for row in range(MOST_PLACES + 5):
        faults.add("D39" if row else "D40", f"row {row}")
    with pytest.raises(DataError) as caught:
        faults.refuse("labels", allowed="0 to 2", fix="remove them")
    assert caught.value.code == "D39"
    assert f"row {MOST_PLACES - 1} (and 5 more)" in str(caught.value)
    assert f"row {MOST_PLACES};" not in str(caught.value)


def test_few_places_are_all_listed():
    assert listed(["a", "b"], ", ") == "a, b"


def test_a_name_cannot_break_the_line():
    assert "\n" not in named("a\nb.png")
    assert named("für.png") == "für.png"
