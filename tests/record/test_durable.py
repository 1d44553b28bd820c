"""Durable files: after a failure of any call the old file stands, whole."""

from __future__ import annotations

import os

import pytest

from netsitter.errors import RunError
from netsitter.record.durable import write_durably


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(5, "Input/output error")])
def test_a_call_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, call, error):
    file = tmp_path / "model.json"
    write_durably(file, b"old")

    def fails(*args):
        raise error

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(RunError, match=r"model\.json"):
        write_durably(file, b"new" * 1000)
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.json"]


def test_a_link_at_the_name_is_replaced_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    (tmp_path / "file").symlink_to(other)
    write_durably(tmp_path / "file", b"ours")
    assert other.read_bytes() == b"precious"
    assert (tmp_path / "file").read_bytes() == b"ours"
