"""Ray alone: who may run code on a cluster, data that lie elsewhere, and a cluster of one machine for one search."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.errors import RunError
from netsitter.searching.engines.here import Here
from netsitter.searching.engines.ray import RayCluster, refuse_public
from netsitter.searching.engines.site import Site
from netsitter.searching.trials import stage_results, trial_of

from .kit import LABELS, ROWS, site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


@contextmanager
def dashboard(answer: int):
    """A server on every address of this machine that answers everybody with this code. Yields its port."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def announced(cluster, url: str):
    """The cluster tells whoever joins it that its dashboard is there."""
    from ray._raylet import GcsClient

    client = GcsClient(address=cluster.address)
    client.internal_kv_put(b"webui:url", url.encode(), True, b"dashboard")
    yield
    client.internal_kv_del(b"webui:url", False, b"dashboard")


def test_a_cluster_whose_dashboard_lets_anybody_in_is_refused(two_nodes, tmp_path):
    import ray

    host, there = two_nodes.address.rpartition(":")[0], site(tmp_path)
    if host.startswith("127."):
        pytest.skip("this machine has no address but its own loopback")
    with dashboard(200) as port, announced(two_nodes, f"{host}:{port}"):
        with pytest.raises(RunError, match="lets anybody run code") as refused:
            RayCluster(there, address=two_nodes.address)
        assert "RAY_AUTH_MODE=token" in refused.value.fix
        assert not ray.is_initialized(), "nothing is left behind"
        RayCluster(there, address=two_nodes.address, allow_public=True).close()
    with dashboard(401) as port, announced(two_nodes, f"{host}:{port}"):
        RayCluster(there, address=two_nodes.address).close()


@pytest.mark.parametrize("where", ["", "127.0.0.1:8265", "localhost:8265", "[::1]:8265", "192.0.2.99:1"])
def test_a_dashboard_that_others_do_not_reach_is_none_of_ours(where, monkeypatch):
    monkeypatch.setattr("netsitter.searching.engines.ray.PATIENCE_S", 0.2)
    refuse_public(where)


def test_a_machine_that_is_no_cluster_is_told(tmp_path):
    with dashboard(200) as port, pytest.raises(RunError, match="no Ray cluster answers") as refused:
        RayCluster(site(tmp_path), address=f"127.0.0.1:{port}")
    assert "something else listens" in refused.value.where


def test_nodes_read_the_data_in_place_where_they_lie_and_are_sent_them_where_they_do_not(two_nodes, tmp_path):
    file = tmp_path / "rows.npz"
    np.savez(file, x=ROWS, y=LABELS)
    asked = asked_for(str(file), net="mlp:8", loss=None, plan=None, options={"epochs": 2, "batch": 50})
    ready = begun(asked)[0]
    trials = [trial_of(ready.plan, number, {"optim.lr": 1e-2}, epochs=2) for number in range(2)]
    here = [told.curve for told in stage_results(trials, Here(ready), "1", {})]

    def curves(engine: RayCluster) -> list[tuple[float, ...]]:
        return [told.curve for told in stage_results(trials, engine, "1", {}, chunk=2)]

    engine = RayCluster(Site.of(ready), workers=1, address=two_nodes.address)
    try:
        assert curves(engine) == here
        assert engine.sent is None, "read in place"
    finally:
        engine.close()
    np.savez(file, x=-ROWS, y=LABELS)  # the nodes would train on other data
    engine = RayCluster(Site.of(ready), workers=1, address=two_nodes.address)
    try:
        assert curves(engine) == here
        assert engine.sent is not None, "sent"
    finally:
        engine.close()


PROGRAM = """
import warnings
warnings.simplefilter("error")
import netsitter as ns
ray = {"engine": "ray", "workers": 1}
found = ns.search("digits", net="mlp:8", trials=4, epochs=3, **ray, runs=None, show=False, train=False)
print(len(found.trials), found.best.score > 0.1)
"""


def test_a_cluster_of_this_machine_is_begun_for_a_search_quietly_and_ended_with_it(tmp_path):
    # In a process of its own: Ray keeps who may join a cluster in the environment.
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300
    )
    assert done.stdout == "4 True\n", done.stderr
    assert done.stderr == "", "not a word of Ray's own"
    token = (tmp_path / ".ray" / "auth_token").read_text()
    assert len(token) >= 32, "nobody else on the network could have joined it"
