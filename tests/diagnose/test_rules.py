"""Every rule of the folder passes the kit."""

from __future__ import annotations

from typing import Any

import pytest

from netsitter.diagnose.registry import rules
from netsitter.diagnose.rule import Rule
from netsitter.testing.rule_kit import RuleKit


class TestEveryRule(RuleKit):
    @pytest.fixture(params=rules(), ids=lambda rule: rule.slug)
    def rule(self, request: pytest.FixtureRequest) -> Rule[Any]:
        return request.param
