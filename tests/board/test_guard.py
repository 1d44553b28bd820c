"""Who is let in, and what every answer says to a browser."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from netsitter.board.guard import HEADERS, Guard
from netsitter.board.server import application
from netsitter.board.shelf import run_id
from tests.board.folders import write

TOKEN = "t" * 43
HOST = "127.0.0.1:8321"
RUN = run_id("run")

ROUTES = [
    "/", "/page/main.js", "/page/plotly.js", "/api/runs", "/api/looks", f"/api/runs/{RUN}",
    f"/api/runs/{RUN}/figures/loss", f"/api/compare/{RUN},{RUN}", f"/api/compare/{RUN}/figures/val", "/nothing",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    write(folder / "runs" / "run")
    write(folder / "outside")
    return folder


@pytest.fixture
def asked(folder):
    """A browser that has been let in. Call it with a path, and headers that differ from its own."""
    with TestClient(Guard(application(folder / "runs"), "127.0.0.1", 8321, TOKEN)) as client:
        client.get("/api/runs", headers=_own())

        def asked(path: str, method: str = "GET", **headers: str | None):
            own = _own() | {name.replace("_", "-"): value for name, value in headers.items()}
            sent = {name: value for name, value in own.items() if value is not None}
            return client.request(method, path, headers=sent, follow_redirects=False)

        yield asked


def _own() -> dict[str, str | None]:
    return {"host": HOST, "cookie": f"netsitter-8321={TOKEN}"}


@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_bears_the_headers_and_none_names_us_to_others(asked, path):
    for answer in (asked(path), asked(path, cookie=None), asked(path, host="evil.example"), asked(path, "POST")):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert ("no-store" in answer.headers["cache-control"]) != (
            path == "/page/plotly.js" and answer.status_code == 200
        )
        assert "access-control-allow-origin" not in answer.headers


def test_the_policy_lets_no_script_in_that_is_not_a_file_of_ours():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ROUTES[:-1])
def test_with_the_cookie_everything_answers(asked, path):
    assert asked(path).status_code == 200
    assert asked(path, "HEAD").status_code == 200


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        f"netsitter-8321={TOKEN[:-1]}",
        f"netsitter-8321={TOKEN}x",
        f"netsitter-8322={TOKEN}",
        "netsitter-8321=é",
        "netsitter-8321",
        ";;=;\x7f",
    ],
)
def test_without_the_cookie_nothing_answers(asked, path, cookie):
    answer = asked(path, cookie=cookie.encode() if cookie else cookie)
    assert answer.status_code == 403
    assert "netsitter board" in answer.text


def test_the_token_lets_in_once_and_leaves_the_address(asked):
    answer = asked(f"/?token={TOKEN}", cookie=None, sec_fetch_site="cross-site")
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"netsitter-8321={TOKEN};")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie
    assert TOKEN not in answer.text
    assert "/page/enter.js" in answer.text


@pytest.mark.parametrize(
    "path", ["/?token=", f"/?token={TOKEN}x", f"/?token=a&token={TOKEN}", f"/api/runs?token={TOKEN}"]
)
def test_a_wrong_token_or_a_token_elsewhere_lets_nobody_in(asked, path):
    answer = asked(path, cookie=None)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:8321",
        "localhost.evil:8321",
        "evil.example:8321",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8321:8321",
        "0.0.0.0:8321",
        "10.0.0.1:8321",
        "[::1",
        "user@127.0.0.1:8321",
        "127.0.0.1:8321/",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/page/main.js", "/api/runs", "/nothing", f"/?token={TOKEN}"])
def test_another_host_is_refused_whatever_else_is_right(asked, host, path):
    answer = asked(path, host=host, x_forwarded_host=HOST)
    assert answer.status_code == 403
    assert answer.content == b""


@pytest.mark.parametrize("host", ["127.0.0.1:8321", "localhost:8321", "LOCALHOST:8321", "[::1]:8321"])
def test_this_machine_has_several_names(asked, host):
    assert asked("/api/runs", host=host).status_code == 200


def test_a_board_for_other_machines_is_named_by_numbers_or_by_its_name_but_by_no_other(folder):
    with TestClient(Guard(application(folder / "runs"), "0.0.0.0", 8321, TOKEN)) as client:
        for host, status in (
            ("10.0.0.7:8321", 200),
            ("[fe80::1]:8321", 200),
            ("evil.example:8321", 403),
            ("0.0.0.0:8321", 403),
        ):
            answer = client.get("/api/runs", headers={**_own(), "host": host})
            assert answer.status_code == status, host


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8321", "http://127.0.0.1:8322", ""]
)
def test_what_another_site_asks_is_refused(asked, origin):
    assert asked("/api/runs", origin=origin).status_code == 403
    assert asked("/api/runs", origin=f"http://{HOST}").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_a_browser_says_to_come_from_elsewhere_is_refused(asked, site):
    assert asked("/api/runs", sec_fetch_site=site).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/api/runs", "/page/main.js", "/nothing"])
def test_it_only_reads(asked, folder, method, path):
    before = _state(folder)
    answer = asked(path, method, x_http_method_override="GET")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert _state(folder) == before


def test_asking_for_everything_changes_nothing_on_disk(asked, folder):
    before = _state(folder)
    for path in ROUTES:
        asked(path)
    assert _state(folder) == before


def _state(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(file): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize(
    "name",
    [
        "../../outside", "..%2F..%2Foutside", "%2e%2e%2f%2e%2e%2foutside", "%252e%252e%252foutside",
        "..%5c..%5coutside",
        "/etc/passwd", "//etc/passwd", "%00", "run", ".", "..", "run%00", "a" * 10_000, "%ff%fe",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "where",
    ["/api/runs/{}", "/api/runs/{}/figures/loss", "/page/{}", "/api/compare/{}", "/api/compare/{}/figures/val", "/{}"],
)
def test_no_path_leads_anywhere_but_to_what_is_listed(asked, name, where):
    answer = asked(where.format(name))
    # A client, too, may take a path with dots for a shorter one: then it gets what is there for all.
    assert answer.status_code == 404 or answer.content in {asked(path).content for path in ("/", "/api/runs")}


def test_figures_and_series_are_those_of_the_tables(asked):
    assert asked(f"/api/runs/{RUN}/figures/lss").status_code == 404
    assert "loss" in asked(f"/api/runs/{RUN}/figures/lss").json()["error"]
    assert asked(f"/api/compare/{RUN}/figures/../../x").status_code == 404
    assert asked(f"/api/compare/{RUN}/figures/nothing").status_code == 404
