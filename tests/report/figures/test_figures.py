"""Every figure of the folder passes the kit."""

from __future__ import annotations

import pytest

from netsitter.report.figures.entry import Entry
from netsitter.report.figures.registry import figures
from netsitter.testing.figure_kit import FigureKit


class TestEveryFigure(FigureKit):
    @pytest.fixture(params=figures(), ids=lambda entry: entry.slug)
    def entry(self, request: pytest.FixtureRequest) -> Entry:
        return request.param
