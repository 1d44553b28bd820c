"""Engines by name: what cannot be is refused before any work."""

from __future__ import annotations

import sys

import pytest

import netsitter as ns
from netsitter.errors import MissingExtra, PlanError, RunError
from netsitter.searching.engines.choose import engine_maker
from netsitter.searching.engines.ray import refuse_silent

from .kit import LABELS, ROWS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "proceses"}, "Did you mean 'processes'"),
        ({"engine": "nosuch"}, "here, processes, ray"),
        ({"engine": "processes", "workers": 0}, "workers must be from 1"),
        ({"engine": "ray", "workers": -1}, "workers must be from 1"),
        ({"workers": 2}, "has one worker: itself"),
        ({"address": "192.0.2.7:6379"}, "--address is for --engine ray"),
        ({"engine": "processes", "address": "192.0.2.7:6379"}, "the engine is processes"),
        ({"engine": "processes", "allow_public": True}, "--allow-public is for --engine ray"),
    ],
)
def test_an_engine_that_cannot_be_is_refused_before_any_work(options, said, tmp_path):
    with pytest.raises(PlanError) as refused:
        ns.search((ROWS, LABELS), net="mlp:4", runs=tmp_path, show=False, **options)
    assert said in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_ray_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match="ray is needed") as missing:
        engine_maker("ray")
    assert "netsitter[ray]" in missing.value.fix


@pytest.mark.parametrize("address", ["somewhere", "host:", ":6379", "ray://host:10001", "host:port"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(RunError, match="HOST:PORT"):
        refuse_silent(address)


def test_an_address_where_nobody_answers_is_refused_at_once():
    with pytest.raises(RunError, match=r"no Ray cluster answers at '127\.0\.0\.1:1'"):
        refuse_silent("127.0.0.1:1")
