"""Libraries that a user may not have: imported where they are used, and named with the command that brings them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from netsitter.errors import MissingExtra

EXTRAS = {"sklearn": "sklearn", "starlette": "board", "uvicorn": "board"}
"""Which extra of ours brings a library, by the name it is imported under."""


def optional(module: str, *, what_for: str) -> ModuleType:
    """The module, imported now.

    what_for: what the user wanted to do, as the end of "... is needed to".
    Raises MissingExtra with the `pip install` line.
    """
    try:
        return import_module(module)
    except ImportError as cause:
        library = module.partition(".")[0]
        extra = EXTRAS.get(library, library)
        raise MissingExtra(
            f"{library} is needed to {what_for}", code="E01", fix=f"pip install 'netsitter[{extra}]'"
        ) from cause
