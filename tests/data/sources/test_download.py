"""One file from the network, here from a server on this machine."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from netsitter.data.sources.download import fetch
from tests.data.made import refused

CONTENT = bytes(range(256)) * 5_000
RIGHT = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "size": len(CONTENT), "schemes": ("http",)}


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT whole, cut short, with more behind it, or nothing, by its path; counts what was asked."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/none":
            self.send_error(404)
            return
        body = {"/whole": CONTENT, "/short": CONTENT[:-7], "/long": CONTENT * 40}[
            self.path.rpartition("?")[0] or self.path
        ]
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) if self.path == "/short" else len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.asked.append("hung up")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    Handler.asked.clear()
    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def test_the_file_comes_whole_and_is_told_as_it_comes(server, tmp_path):
    told = []
    path = fetch(f"{server}/whole", tmp_path / "deep" / "file", tell=told.append, **RIGHT)
    assert path.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_what_is_there_and_whole_is_not_fetched_again(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    fetch(f"{server}/whole", tmp_path / "file", **RIGHT)
    assert Handler.asked == []


def test_a_torn_file_of_before_is_replaced(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT[:10])
    assert fetch(f"{server}/whole", tmp_path / "file", **RIGHT).read_bytes() == CONTENT


@pytest.mark.parametrize("what", ["short", "long", "none"])
def test_what_is_not_the_published_file_leaves_nothing_behind(server, tmp_path, what):
    with refused("D35", f"{server}/{what}", "by hand"):
        fetch(f"{server}/{what}", tmp_path / "file", **RIGHT)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_end_is_given_up(server, tmp_path):
    told = []
    with refused("D35", "SHA-256"):
        fetch(f"{server}/long", tmp_path / "file", tell=told.append, **RIGHT)
    assert told[-1] <= len(CONTENT) + 2 * 2**20


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "file:///etc/passwd", "ftp://x/y"])
def test_only_https_is_asked(tmp_path, url):
    with refused("D35", "https"):
        fetch(url, tmp_path / "file", sha256="0" * 64, size=1)
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_a_plain_message(tmp_path):
    with refused("D35", "refused"):
        fetch("http://127.0.0.1:9/x", tmp_path / "file", **RIGHT)
