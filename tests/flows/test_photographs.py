"""A stranger has a folder of photographs, one folder a class: from the first command to the prediction of a new one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netsitter as ns
from tests.cli.command import inside, only_run

LIGHT = {"beach": (200, 180, 120), "forest": (40, 120, 50), "night": (15, 15, 60)}


def photograph(path: Path, colour: tuple[int, int, int], draw: np.random.Generator) -> None:
    """A noisy picture in the light of its class, as large as chance has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = draw.integers(18, 30, 2)
    pixels = np.clip(np.array(colour) + draw.normal(0, 30, (height, width, 3)), 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@pytest.fixture
def photographs(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for part, each in (("train", 14), ("test", 6)):
        for name, colour in LIGHT.items():
            for number in range(each):
                photograph(tmp_path / "photos" / part / name / f"IMG_{number:03}.jpg", colour, draw)
    photograph(tmp_path / "new" / "one.png", LIGHT["forest"], draw)
    photograph(tmp_path / "new" / "two.png", LIGHT["night"], draw)
    return tmp_path


@pytest.mark.slow
def test_a_stranger_trains_on_photographs_and_asks_about_new_ones(photographs):
    told = inside("fit", "photos")
    assert told.code == 2
    assert "different sizes" in told.err
    fix = told.err.partition("fix: ")[2].split()[:2]
    assert fix[0] == "--resize"

    told = inside("check", "photos", "--resize", "8x8", "--net", "conv:6")
    assert told.code == 0, told.err
    assert "photos: images of 8 x 8 x 3, 3 classes" in told.out
    assert not (photographs / "runs").exists()

    told = inside(
        "fit", "photos", "--resize", "8x8", "--net", "conv:6", "--epochs", "15", "--batch", "8", "--lr", "0.01"
    )
    assert told.code == 0, told.err
    assert "18 untouched for the test" in told.out
    assert "were resized to 8x8" in told.out
    run = ns.open_run(only_run(photographs))
    assert run.classes == ("beach", "forest", "night")
    assert run.scores["test"]["score"] > 0.9

    command = told.out.strip().splitlines()[-1].partition("netsitter ")[2].replace("DATA", "new").split()
    told = inside(*command)
    assert told.code == 0, told.err
    assert [line.split(",")[:2] for line in told.out.splitlines()[1:]] == [
        ["new/one.png", "forest"],
        ["new/two.png", "night"],
    ]

    told = inside("predict", run.path, "photos", "--json")
    assert told.json["metrics"]["rows"] == 18
    assert told.json["metrics"]["score"] == pytest.approx(run.scores["test"]["score"])


def test_photographs_that_are_added_later_are_noticed_by_a_resume(photographs):
    class PowerCut(Exception): ...

    class Cuts:
        def take(self, event: object) -> None:
            if type(event).__name__ == "EpochEnded":
                raise PowerCut

        def close(self) -> None: ...

    with pytest.raises(PowerCut):
        ns.fit("photos", resize="6x6", net="mlp:4", epochs=2, show=Cuts(), options={"loop.preflight": False})
    photograph(photographs / "photos" / "train" / "night" / "late.png", LIGHT["night"], np.random.default_rng(1))
    with pytest.raises(ns.NetsitterError, match="not what this run began with"):
        ns.resume(only_run(photographs), show=False)
    (photographs / "photos" / "train" / "night" / "late.png").unlink()
    assert len(ns.resume(only_run(photographs), show=False).history) == 2
