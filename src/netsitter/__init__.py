"""netsitter raises neural networks: prepares data, starts the network right, checks it, watches every step.

    import netsitter as ns
    run = ns.fit("digits")

Names are imported when they are first used, so that `import netsitter` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netsitter.version import __version__ as __version__

if TYPE_CHECKING:
    from netsitter.adapters.watch import watch as watch
    from netsitter.doors.check import check as check
    from netsitter.doors.cure import Cured as Cured
    from netsitter.doors.cure import cure as cure
    from netsitter.doors.fit import fit as fit
    from netsitter.doors.fit import resume as resume
    from netsitter.doors.run import Run as Run
    from netsitter.doors.run import open_run as open_run
    from netsitter.doors.search import Found as Found
    from netsitter.doors.search import search as search
    from netsitter.errors import NetsitterError as NetsitterError
    from netsitter.nn.gradient_check import gradient_check as gradient_check
    from netsitter.nn.summary import summary as summary
    from netsitter.plan.plan import Plan as Plan
    from netsitter.plan.space import integer as integer
    from netsitter.plan.space import linear as linear
    from netsitter.plan.space import log as log
    from netsitter.plan.space import pick as pick

_HOMES = {
    "Found": "doors.search",
    "integer": "plan.space",
    "linear": "plan.space",
    "log": "plan.space",
    "pick": "plan.space",
    "search": "doors.search",
    "Cured": "doors.cure",
    "NetsitterError": "errors",
    "Plan": "plan.plan",
    "Run": "doors.run",
    "check": "doors.check",
    "cure": "doors.cure",
    "fit": "doors.fit",
    "gradient_check": "nn.gradient_check",
    "open_run": "doors.run",
    "resume": "doors.fit",
    "summary": "nn.summary",
    "watch": "adapters.watch",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netsitter' has no attribute {name!r}")
    return getattr(import_module(f"netsitter.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
