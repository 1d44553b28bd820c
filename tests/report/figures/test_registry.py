"""Figures are found in their folders, named in an error, and reached by name."""

from __future__ import annotations

import pytest

from netsitter.errors import PlanError
from netsitter.record.trace import Trace
from netsitter.report.figures.look import PAPER
from netsitter.report.figures.registry import SECTIONS, Figures, figure_of, figures
from netsitter.testing.stories import not_finite


def test_every_section_has_figures_and_together_they_are_all():
    assert {entry.slug for section in SECTIONS for entry in figures(section)} == {entry.slug for entry in figures()}
    assert all(figures(section) for section in SECTIONS)


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(PlanError, match="Did you mean 'gradients'"):
        figure_of("gradient")
    with pytest.raises(AttributeError, match="Did you mean 'gradients'"):
        _ = Figures(Trace()).gradient


def test_figures_of_a_trace_are_reached_by_name_and_listed():
    figures_of = Figures(not_finite())
    assert figures_of.loss().layout.title.text == "Loss"
    assert figures_of.idle_units(dark=True).layout.template.layout.font.color == PAPER["dark"][0]
    assert {"loss", "idle_units"} <= set(dir(figures_of))
    assert "loss, score" in repr(figures_of)


def test_an_empty_trace_has_none():
    assert list(Figures(Trace())) == []
    assert repr(Figures(Trace())) == "<Figures: nothing to draw yet>"
