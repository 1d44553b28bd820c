"""Rules are found by their files, and by code or slug."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsitter.diagnose import rules as folder
from netsitter.diagnose.registry import rule_of, rules
from netsitter.errors import PlanError


def test_every_file_of_the_folder_is_a_rule_in_the_order_of_codes():
    files = {path.stem for path in Path(folder.__path__[0]).rglob("*.py")} - {"__init__"}
    assert {rule.slug.replace("-", "_") for rule in rules()} == files
    assert [rule.code for rule in rules()] == sorted(rule.code for rule in rules())


def test_rules_are_picked_by_the_record_they_read():
    assert {rule.needs for rule in rules("data")} == {"data"}
    assert len(rules("data")) >= 10
    assert rules("no such record") == ()


def test_a_rule_is_found_by_code_and_by_slug_in_any_case():
    assert rule_of("dat001") is rule_of("DAT001") is rule_of("uncentred-input") is rule_of("Uncentred-Input")


def test_an_unknown_rule_is_refused_with_the_nearest():
    with pytest.raises(PlanError, match="Did you mean 'leaked-split'"):
        rule_of("leeked-split")


def test_reading_every_rule_loads_no_torch():
    import subprocess
    import sys

    code = (
        "import sys; from netsitter.diagnose.registry import rules; assert rules(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
