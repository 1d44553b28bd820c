"""`netsitter board [FOLDER]`: the live page of the runs in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def board(
    folder: Annotated[str, typer.Argument(help="of runs, or of one run")] = "runs",
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="else 8321, or the next that is free; 0 takes any")
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="NAME", help="another address lets other machines in, without encryption"),
    ] = "127.0.0.1",
    open_: Annotated[bool, typer.Option("--open/--no-open", metavar="", help="whether to open it in a browser")] = True,
    beside: Annotated[bool, typer.Option("--beside", hidden=True)] = False,
) -> None:
    """Show the runs of a folder in a browser, live: those that train, those that ended, those that crashed.

    It reads their journals and nothing else, so that a run does not notice it, nor its end. The page opens with the
    address that is printed; its token is for you alone.
    """
    from netsitter.board.serve import board as serve
    from netsitter.board.serve import is_loopback

    def told(address: str) -> None:
        typer.echo(address if beside else f"The board: {address}\nCtrl-C ends it; no run notices.")
        if not is_loopback(host):
            typer.echo(
                f"It listens on {host}: whoever can reach this machine and reads the address on its way, which nothing "
                "encrypts, sees your runs. Safer: ssh -L 8321:localhost:8321 THIS-MACHINE, and no --host.",
                err=True,
            )
        if open_:
            import webbrowser

            webbrowser.open(address)

    serve(Path(folder), port=port, host=host, told=told, beside=beside)
