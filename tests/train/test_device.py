"""Devices and threads."""

from __future__ import annotations

import pytest
import torch

from netsitter.errors import DeviceError
from netsitter.train.device import device_named, exactness, machine_facts, threads_for, using_threads


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DeviceError, match="cuda:63") as error:
        device_named("cuda:63")
    assert "cpu" in str(error.value)
    assert device_named("cpu") == torch.device("cpu")


def test_exactness_names_what_differs():
    facts = machine_facts(torch.device("cpu"))
    assert exactness(facts, facts) == ""
    assert "threads was 64" in exactness({**facts, "threads": 64}, facts)


def test_threads_are_put_back():
    before = torch.get_num_threads()
    with using_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    assert threads_for(1000) == 1
