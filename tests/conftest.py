"""What all tests share: one thread, and real data where it can be had."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)

# Ctrl-C means the same to tests in the background, which a shell tells to ignore it, and to what they begin.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test knows, or tells, how this machine trained before.
os.environ["NETSITTER_WAYS"] = "off"

# No test depends on time: the first call of an operation may take a second.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")

FASHION = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts it."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test begins with the same global generator, whatever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser, headless, as Playwright has it."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: Debian's package chromium is not installed")
    driver = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    with driver.sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def cifar10() -> Path:
    """CIFAR-10's binary version, in the folder that NETSITTER_DATA names."""
    folder = Path(os.environ.get("NETSITTER_DATA", "")) / "cifar-10-batches-bin"
    if not folder.is_dir():
        pytest.skip("no CIFAR-10: NETSITTER_DATA names no folder that holds cifar-10-batches-bin")
    return folder


@pytest.fixture(scope="session")
def fashion_mnist() -> Path:
    if not FASHION.is_dir():
        pytest.skip("no Fashion-MNIST: Debian's package dataset-fashion-mnist is not installed")
    return FASHION
