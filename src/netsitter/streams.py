"""Random streams that depend on what they are for, and on nothing else.

No generator is carried along a run. Each use derives its own key from (seed, trial, epoch, step,
purpose), so that neither the order of work, nor company in a cohort, nor a resume can disturb it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MAX_SEED = 2**32 - 1
"""One range of seeds for NumPy and PyTorch alike."""


def stream_key(seed: int, purpose: str, *, trial: int = 0, epoch: int = 0, step: int = 0) -> int:
    """A number below 2**63 that names one random stream; any change of an argument gives an unrelated one."""
    text = f"{seed}/{trial}/{epoch}/{step}/{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1


def numpy_stream(seed: int, purpose: str, *, trial: int = 0, epoch: int = 0, step: int = 0) -> np.random.Generator:
    """NumPy's generator at the start of that stream. Philox: its numbers are the same on every platform."""
    import numpy as np  # here, so that the command line's help need not wait for it

    return np.random.Generator(np.random.Philox(key=stream_key(seed, purpose, trial=trial, epoch=epoch, step=step)))
