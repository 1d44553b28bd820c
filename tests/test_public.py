"""The face of the package: what it lists can be had, costs nothing before, and errors tell all six things."""

from __future__ import annotations

import subprocess
import sys

import pytest

import netsitter as ns
from netsitter.errors import DataError, MissingExtra, closest, printable, shown
from netsitter.optional import optional
from netsitter.streams import numpy_stream, stream_key


def test_every_public_name_can_be_had():
    assert ns.__all__ == sorted(ns.__all__)
    assert all(getattr(ns, name) is not None for name in ns.__all__)
    with pytest.raises(AttributeError, match="fitt"):
        _ = ns.fitt


def test_importing_netsitter_imports_neither_torch_nor_numpy():
    code = "import sys, netsitter; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_error_tells_what_where_allowed_fix_and_state_in_this_order():
    error = DataError("label out of range", code="D39", where="row 7: 3", allowed="0 to 2", fix="remove it")
    told = str(error).splitlines()
    assert told == [
        "label out of range [D39]",
        "  row 7: 3",
        "  allowed: 0 to 2",
        "  fix: remove it",
        "  nothing was written.",
    ]
    assert error.as_json()["code"] == "D39"


def test_names_from_files_cannot_steer_the_terminal():
    assert printable("a\x1b]0;pwn\x07\x1b[2Jb\rc") == r"a\x1b]0;pwn\x07\x1b[2Jb\rc"
    assert len(shown("x" * 500)) == 80
    assert closest("relo", ["relu", "elu"]) == " Did you mean 'relu'?"
    assert closest("zzz", ["relu"]) == ""


def test_a_missing_library_is_named_with_the_command_that_brings_it():
    with pytest.raises(MissingExtra, match=r"netsitter\[nosuchlibrary\]"):
        optional("nosuchlibrary.part", what_for="do this")


def test_streams_hang_on_every_one_of_their_names_and_on_nothing_else():
    names = [{}, {"trial": 1}, {"epoch": 1}, {"step": 1}, {"epoch": 11}, {"trial": 1, "step": 1}]
    keys = [stream_key(seed, purpose, **name) for seed in (0, 1) for purpose in ("init", "order") for name in names]
    assert len(set(keys)) == len(keys)
    assert all(0 <= key < 2**63 for key in keys)


def test_streams_are_the_same_on_every_machine():
    assert stream_key(0, "init") == 6055446654045576731
    assert numpy_stream(3, "x").integers(0, 100, 5).tolist() == [94, 12, 70, 26, 9]
