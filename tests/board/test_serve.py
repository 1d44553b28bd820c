"""The board as a process: what it listens on, what it does with raw bytes, how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from tests.board.folders import write
from tests.board.serving import Served, served
from tests.cli.command import inside, started


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    write(runs / "run")
    with served(runs) as board:
        yield board


def asked(board: Served, request: bytes, *, wait: float = 20.0) -> bytes:
    """What the board answers to these bytes, until it closes or has told its head."""
    with socket.create_connection(("127.0.0.1", board.port), timeout=wait) as line:
        line.sendall(request)
        told = b""
        while b"\r\n\r\n" not in told and (part := line.recv(65_536)):
            told += part
        return told


def _get(board: Served, path: str = "/api/runs", *lines: str, host: str | None = None) -> bytes:
    own = f"Host: {host or f'127.0.0.1:{board.port}'}", f"Cookie: netsitter-{board.port}={board.token}"
    return "\r\n".join([f"GET {path} HTTP/1.1", *own, *lines, "Connection: close", "", ""]).encode("latin-1")


def test_it_answers_to_its_own_address(board):
    assert asked(board, _get(board)).startswith(b"HTTP/1.1 200")


def test_it_does_not_say_what_it_is_made_of(board):
    told = asked(board, _get(board)).lower()
    assert b"server:" not in told
    assert b"uvicorn" not in told


@pytest.mark.parametrize(
    ("path", "lines", "host"),
    [
        ("http://evil.example/api/runs", (), None),
        ("/api/runs", ("Host: evil.example",), None),
        ("/api/runs", (), "evil.example"),
        ("/api/runs", ("X-Forwarded-Host: localhost",), "evil.example"),
    ],
)
def test_another_name_is_refused_however_it_is_told(board, path, lines, host):
    told = asked(board, _get(board, path, *lines, host=host))
    assert told.split(b" ")[1] in (b"400", b"403", b"404")


def test_no_host_at_all_is_refused(board):
    assert asked(board, b"GET /api/runs HTTP/1.1\r\n\r\n").split(b" ")[1] in (b"400", b"403")
    assert asked(board, b"GET /api/runs HTTP/1.0\r\n\r\n").split(b" ")[1] in (b"400", b"403")


def test_a_head_without_end_is_cut_off(board):
    assert asked(board, _get(board, "/api/runs", "X: " + "a" * 20_000)).startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\xff" * 100 + b"\r\n\r\n",
        b"GET /api/runs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000000\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["noise", "broken chunks", "a body without end", "a long path"],
)
def test_rubbish_is_refused_and_the_next_one_is_served(board, request_):
    assert asked(board, request_).split(b" ")[1].startswith(b"4")
    assert asked(board, _get(board)).startswith(b"HTTP/1.1 200")


def test_lines_that_say_nothing_do_not_keep_others_out(board):
    idle = [socket.create_connection(("127.0.0.1", board.port), timeout=20) for _ in range(40)]
    for line in idle:
        line.sendall(b"GET / HT")
    assert asked(board, _get(board)).startswith(b"HTTP/1.1 200")
    for line in idle:
        line.close()


def test_only_this_machine_can_reach_it(board):
    told = [line.split() for name in ("tcp", "tcp6") for line in _table(name)]
    listening = [row[1] for row in told if row[3] == "0A" and row[1].endswith(f":{board.port:04X}")]
    assert listening == [f"0100007F:{board.port:04X}"]


def _table(name: str) -> list[str]:
    try:
        with open(f"/proc/net/{name}") as file:
            return file.read().splitlines()[1:]
    except OSError:
        pytest.skip("this system does not tell who listens")


def test_a_board_for_other_machines_says_what_that_means(tmp_path):
    with served(tmp_path, "--host", "0.0.0.0") as board:
        assert board.token
        board.process.terminate()
        assert board.process.stderr is not None
        assert "nothing is encrypted" in board.process.stderr.read()


def test_two_boards_stand_side_by_side(tmp_path):
    first = started("board", tmp_path, "--no-open")
    second = started("board", tmp_path, "--no-open")
    try:
        lines = [process.stdout.readline() for process in (first, second)]
        assert len({line.partition("?")[0] for line in lines}) == 2, lines
        assert len({line.partition("token=")[2] for line in lines}) == 2
    finally:
        for process in (first, second):
            process.terminate()
            process.communicate(timeout=30)


def test_a_folder_that_is_not_there_and_a_port_that_is_taken_are_refused(tmp_path, board):
    told = inside("board", tmp_path / "nowhere", "--no-open")
    assert (told.code, "is no folder" in told.err) == (2, True)
    told = inside("board", tmp_path, "--no-open", "--port", board.port)
    assert (told.code, "cannot be had" in told.err) == (2, True)
    told = inside("board", tmp_path, "--no-open", "--host", "no.such.host.invalid")
    assert (told.code, "no address of this machine" in told.err) == (2, True)
    assert inside("board", tmp_path, "--no-open", "--port", "70000").code == 2


def test_ctrl_c_ends_it_without_a_word_though_a_page_is_open(tmp_path):
    with served(tmp_path) as board, socket.create_connection(("127.0.0.1", board.port), timeout=20) as page:
        page.sendall(_get(board, "/api/news"))
        assert page.recv(1_000).startswith(b"HTTP/1.1 200")
        board.process.send_signal(signal.SIGINT)
        _, err = board.process.communicate(timeout=30)
        assert (board.process.returncode, err) == (0, "")


def test_the_board_never_imports_torch(tmp_path):
    write(tmp_path / "run")
    code = f"""
import sys
from pathlib import Path
from netsitter.board.library import Library
from netsitter.board.server import application
library = Library(Path({str(tmp_path)!r}))
library.news()
for run in library.runs()["runs"]:
    assert library.run(run["id"])["sections"] and library.figure(run["id"], "loss")
application(Path({str(tmp_path)!r}))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_without_its_libraries_it_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for command in (("board", tmp_path), ("fit", "digits", "--board", "--runs", tmp_path / "runs")):
        told = inside(*command)
        assert told.code == 2
        assert "netsitter[board]" in told.err
    assert not (tmp_path / "runs").exists()
