"""The engine of a Ray cluster: legs as tasks with resources, on as many machines as there are."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import os
import socket
from collections.abc import Collection, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from netsitter.errors import DeviceError, RunError, shown
from netsitter.optional import optional
from netsitter.searching.engines.dispatch import Dispatcher, WorkerLost
from netsitter.searching.engines.site import DataElsewhere, Site, Worker
from netsitter.searching.legs import Leg, Reached

PATIENCE_S = 5.0
"""Seconds that a cluster's head, or its dashboard, may take to answer."""

HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""What a client of HTTP/2, such as Ray, says first; a server answers with settings, frame type 4 (RFC 9113, 3.4)."""

PROBE = "/api/version"
"""What every dashboard with a job server tells whoever may use it: docs.ray.io, Ray Jobs REST API."""


class RayCluster(Dispatcher):
    """Trains legs as tasks of a Ray cluster.

    address: of a cluster that runs already, as host:port; None starts one on this machine, and ends it with the search.
    workers: legs at the same time at most; as many as there are processors for when None.
    allow_public: whether a cluster will do whose dashboard lets anybody in.
    Raises RunError for a cluster that cannot be reached, or that anybody may run code on.
    """

    def __init__(
        self, site: Site, workers: int | None = None, *, address: str | None = None, allow_public: bool = False
    ) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self.ray = optional("ray", what_for="search on a Ray cluster")
        self.site, self._threads = site, site.plan.loop.threads or 1
        self._began = not self.ray.is_initialized()
        context = self._local(workers) if address is None else self._joined(address)
        try:
            if not allow_public:
                refuse_public(context.address_info.get("webui_url") or "")
            gpus = 1 if site.ready.device.type == "cuda" else 0
            self.slots = self._room(gpus, workers)
            code = site.code()
            self._key, self._code = hashlib.sha256(code).hexdigest(), [self.ray.put(code)]
            self.sent = None if site.can_be_read else [self.ray.put(site.data())]
            # Lost tasks are given out again by us: then it is known how often.
            self._task = self.ray.remote(num_cpus=self._threads, num_gpus=gpus, max_retries=0)(_run)
        except BaseException:
            self.close()
            raise

    def begin(self, leg: Leg) -> Any:
        return self._task.options(name=leg.name).remote(self._key, self._code, self.sent, self._threads, leg)

    def wait(self, tasks: Collection[Any]) -> Sequence[Any]:
        done, _ = self.ray.wait(list(tasks), num_returns=1)
        return list(done)

    def result(self, task: Any) -> Reached:
        errors = self.ray.exceptions
        try:
            reached: Reached = self.ray.get(task)
        except errors.RayTaskError as fault:
            if isinstance(fault.cause, DataElsewhere):
                self.sent = self.sent or [self.ray.put(self.site.data())]
            raise fault.cause from None
        except errors.RayError as fault:
            raise WorkerLost(_how(fault)) from None
        return reached

    def cancel(self, task: Any) -> None:
        self.ray.cancel(task, force=True)

    def close(self) -> None:
        if self._began:
            self.ray.shutdown()

    def _local(self, workers: int | None) -> Any:
        """A cluster of this machine alone, without a dashboard; or the one that the user's own program is in."""
        quiet = {"ignore_reinit_error": True, "log_to_driver": False, "logging_level": logging.ERROR}
        if not self._began:
            return self.ray.init(**quiet)
        if workers is not None:
            self._threads = max(1, min(self._threads, (os.cpu_count() or 1) // workers))
        processors = None if workers is None else workers * self._threads
        return self.ray.init(address="local", num_cpus=processors, include_dashboard=False, **quiet)

    def _joined(self, address: str) -> Any:
        refuse_silent(address)
        try:
            if not self._began:
                raise ConnectionError("this program is in another cluster already: ray.shutdown() leaves it")
            return self.ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as fault:  # of many kinds: another version of Ray or Python, a token that is wrong
            raise RunError(
                f"the Ray cluster at {shown(address)} does not let us in",
                code="S64",
                where=" ".join(str(fault).split())[:300],
                allowed="the same versions of Ray and Python on both sides, and the cluster's token in RAY_AUTH_TOKEN",
                fix="ray status --address " + address,
            ) from fault

    def _room(self, gpus: int, workers: int | None) -> int:
        """Legs that the cluster has room for at the same time. Machines that join later get legs too, but no more."""
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        if gpus and not any(node.get("GPU", 0) for node in nodes):
            raise DeviceError("no machine of the cluster has a GPU", code="M106", fix="--device cpu")
        self._threads = int(max(1, min(self._threads, max(node.get("CPU", 0) for node in nodes))))
        room = [
            min(node.get("CPU", 0) // self._threads, node.get("GPU", 0) if gpus else float("inf")) for node in nodes
        ]
        return max(1, min(int(sum(room)), workers or int(sum(room))))


def refuse_silent(address: str) -> None:
    """Raises RunError for an address where nobody answers. What Ray finds out by itself takes it minutes."""
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdecimal() or "/" in host:
        raise RunError(
            f"the address of a Ray cluster is HOST:PORT; got {shown(address)}",
            code="S64",
            fix="ray start --head prints it, as 192.0.2.7:6379",
        )
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE_S) as line:
            line.sendall(HTTP2)
            speaks = os.environ.get("RAY_USE_TLS") == "1" or line.recv(9)[3:4] == b"\4"
            why = "something else listens there"
    except (OSError, OverflowError) as fault:
        speaks, why = False, f"{fault}; we wait for {PATIENCE_S:g} seconds"
    if not speaks:
        raise RunError(
            f"no Ray cluster answers at {shown(address)}",
            code="S64",
            where=why,
            fix="ray start --head on the machine that is to lead, then the address that it prints",
        )


def refuse_public(dashboard: str) -> None:
    """Raises RunError where a dashboard answers others than this machine, and asks them for nothing.

    Its job server runs any code that it is sent: CVE-2023-48022. dashboard: host:port; "" where there is none.
    """
    host = dashboard.rpartition(":")[0].strip("[]")
    if not dashboard or host == "localhost" or _is_loopback(host):
        return
    try:
        # Without the proxy of the environment, which may see another machine under this address.
        build_opener(ProxyHandler({})).open(f"http://{dashboard}{PROBE}", timeout=PATIENCE_S).close()
    except HTTPError as fault:
        if fault.code in (401, 403):
            return
    except (URLError, OSError):
        return  # nobody is there
    raise RunError(
        "the dashboard of this Ray cluster lets anybody run code on it",
        code="S65",
        where=f"http://{dashboard} answers without asking who is there",
        allowed="a dashboard on 127.0.0.1, or one that asks for a token (CVE-2023-48022)",
        fix="RAY_AUTH_MODE=token ray start --head, or ray start --head --dashboard-host 127.0.0.1",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _how(fault: Exception) -> str:
    first = str(fault).strip().partition("\n")[0]
    return f"{type(fault).__name__}: {first}" if first else type(fault).__name__


_workers: dict[str, Worker] = {}
"""In a worker: the `Worker` of the search that it last had a leg of."""


def _run(key: str, code: list[Any], data: list[Any] | None, threads: int, leg: Leg) -> Reached:
    """A leg, in a worker of Ray. code, data: where they lie in Ray's store, fetched when they are needed."""
    import ray

    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(ray.get(code[0]), most_threads=threads)
    return _workers[key].run(leg, None if data is None else lambda: ray.get(data[0]))
