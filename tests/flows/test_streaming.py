"""Data that does not fit in memory is read from disk while training goes on, and the run is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netsitter as ns
from netsitter.record.events import Started

TINY = 1e-12
"""Share of free memory into which nothing fits."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    root, draw = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for k, name in enumerate(("cat", "dog", "fox")):
        (root / name).mkdir()
        for number in range(24):
            pixels = np.clip(60 + 60 * k + draw.normal(0, 40, (8, 8, 3)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{number}.png")
    return root


def trained(pictures: Path, *, net: str = "mlp:8", **options: object) -> ns.Run:
    fixed = {"loop.preflight": False, "loop.batch": 10, "loop.epochs": 2, "loop.measure_every": 1, "net.norm": "batch"}
    return ns.fit(str(pictures), net=net, runs=None, show=False, options={**fixed, **options})


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("prepare", ["center", "zca:0.9"])
def test_streamed_data_trains_as_resident_data_does(pictures, workers, prepare):
    resident = trained(pictures, **{"data.prepare": prepare})
    streamed = trained(pictures, **{"data.prepare": prepare, "loop.memory": TINY, "loop.workers": workers})
    notes = streamed.trace.last(Started).data["notes"]
    assert any("read from disk" in note for note in notes)
    assert not any("read from disk" in note for note in resident.trace.last(Started).data["notes"])
    for name in ("loss", "epoch/train_loss", "epoch/val_loss"):
        one, other = (run.trace.curve(name).values for run in (resident, streamed))
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)
    assert streamed.history[-1]["train"] == resident.history[-1]["train"]
    assert streamed.scores["test"]["score"] == resident.scores["test"]["score"]


@pytest.mark.slow
def test_a_streamed_run_is_the_same_with_any_number_of_workers(pictures):
    alone, helped = (trained(pictures, **{"loop.memory": TINY, "loop.workers": n}) for n in (0, 2))
    assert alone.history == helped.history


def test_a_file_that_vanishes_in_mid_run_is_named_and_the_run_can_go_on(pictures, tmp_path):
    class Vanishes:
        def take(self, event: object) -> None:
            if type(event).__name__ == "EpochEnded" and gone.exists():
                gone.rename(kept)

        def close(self) -> None: ...

    gone, kept = pictures / "cat" / "5.png", tmp_path / "5.png"
    options = {"loop.preflight": False, "loop.memory": TINY, "loop.workers": 0, "loop.epochs": 3, "loop.batch": 10}
    with pytest.raises(ns.NetsitterError, match="decoded") as caught:
        ns.fit(str(pictures), net="mlp:4", runs=tmp_path / "runs", show=Vanishes(), options=options)
    assert "5.png" in str(caught.value)
    assert "netsitter resume" in caught.value.state
    kept.rename(gone)
    run = ns.resume(next((tmp_path / "runs").iterdir()), show=False)
    assert len(run.history) == 3
