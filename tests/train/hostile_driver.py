"""Loads every model under a folder, and prints for each what came of it and what the interpreter did meanwhile.

Run as a script, so that the audit hook, which cannot be taken away again, ends with the process.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from netsitter.errors import NetsitterError
from netsitter.train.model_file import load_model

FORBIDDEN = ("exec", "compile", "import", "pickle.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
             "subprocess.", "socket.", "ctypes.", "shutil.", "marshal.")  # fmt: skip

seen: list[str] = []
listening = False


def hear(event: str, arguments: tuple[object, ...]) -> None:
    if not listening:
        return
    if event.startswith(FORBIDDEN) or (event == "open" and "w" in str(arguments[1])):
        seen.append(f"{event} {arguments!r}"[:200])


def outcome(folder: Path) -> str:
    try:
        load_model(folder)
    except NetsitterError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "loaded"


def main(root: Path) -> None:
    global listening
    # What is imported on first use, on the good way and on the bad, is imported before anybody listens.
    outcome(root / "good" / "model")
    outcome(root / "nowhere")
    outcome(root / "unlike" / "model")
    "\0".encode("unicode_escape")
    sys.addaudithook(hear)
    for folder in sorted(root.iterdir()):
        seen.clear()
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        listening = True
        told = outcome(folder / "model")
        listening = False
        took, grown = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(json.dumps({"name": folder.name, "told": told, "seen": seen, "s": took, "mib": grown / 1024}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
