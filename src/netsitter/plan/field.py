"""One field of a plan: default, bounds, unit, meaning, and whether trials of one cohort may differ in it.

The same facts serve validation, the command line's help, the commented plan file and the search space.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


class Section(BaseModel):
    """A frozen part of a plan. Unknown names and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def field(default: Any, about: str, *, unit: str = "", by_trial: bool = False, **bounds: Any) -> Any:
    """A plan's field. A default of None means: chosen from the data, and said, unless `about` says otherwise.

    unit: what the number counts ("epochs", "rows"); "" for a bare number or a name.
    by_trial: trials that share one cohort may differ in it.
    bounds: pydantic's `ge`, `gt`, `le`, `lt`.
    """
    return Field(default, description=about, json_schema_extra={"unit": unit, "by_trial": by_trial}, **bounds)


def extra(info: FieldInfo, key: str) -> Any:
    """What `field` recorded under `unit` or `by_trial`."""
    recorded = info.json_schema_extra
    return recorded.get(key) if isinstance(recorded, dict) else None
