"""JSON as browsers read it."""

from __future__ import annotations

import json
import math
from typing import Any


def as_json(values: Any) -> str:
    """The values as text; what is no finite number is null."""
    return json.dumps(_plain(values), allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
