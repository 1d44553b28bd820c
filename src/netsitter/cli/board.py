"""`netsitter board [FOLDER]`: the live page of the runs in a folder; and `--board`, the same beside a run."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Annotated

import typer

OPEN_TO_OTHERS = (
    "It listens on {host}: whoever can reach this machine there and reads along, since nothing is encrypted, sees your "
    "runs. Safer: no --host, and from the other machine: ssh -L 8321:localhost:8321 THIS-MACHINE"
)

Board = Annotated[
    bool, typer.Option("--board", metavar="", help="a live page of it in a browser; its address is printed first")
]


def board(
    folder: Annotated[str, typer.Argument(help="of runs, or of one run")] = "runs",
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=0, max=65535, help="else 8321, or the next that is free; 0 takes any"),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="NAME", help="another address lets other machines in, unencrypted")
    ] = "127.0.0.1",
    open_: Annotated[bool, typer.Option("--open/--no-open", metavar="", help="whether a browser is opened")] = True,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
) -> None:
    """Show the runs of a folder in a browser, live: those that train, those that ended, those that crashed.

    It reads their journals and nothing else, so that a run does not notice it, nor its end. The page opens with the
    address that is printed; its token is for you alone.
    """
    from netsitter.board.serve import board as serve
    from netsitter.board.serve import is_loopback

    entry: list[Path] = []

    def told(address: str) -> None:
        if not is_loopback(host):
            typer.echo(OPEN_TO_OTHERS.format(host=host), err=True)
        typer.echo(address if beside else f"The board: {address}\nCtrl-C ends it; no run notices.")
        sys.stdout.flush()
        if open_ and not beside and _has_screen():
            entry.append(_opened(address))

    try:
        with suppress(KeyboardInterrupt):
            serve(Path(folder), port=port, host=host, told=told, beside=beside)
    finally:
        for file in entry:
            file.unlink(missing_ok=True)


def begin_beside(command: typer.Context, runs: str, *, wanted: bool) -> None:
    """Begins a board beside what this command does, until it has done it.

    Its address goes to standard error: standard output may be read by a program.
    """
    if wanted:
        from netsitter.board.beside import board_beside

        command.with_resource(board_beside(runs, lambda line: typer.echo(line, err=True)))


def _opened(address: str) -> Path:
    """Opens the address in a browser by a file that only this user can read: a command line can be read by all."""
    import webbrowser

    handle, name = tempfile.mkstemp(prefix="netsitter-", suffix=".html")
    with open(handle, "w", encoding="utf-8") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(address)}">\n')
    webbrowser.open(Path(name).as_uri())
    return Path(name)


def _has_screen() -> bool:
    """Whether a browser with windows can be there; one in the terminal would take it from us."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
