"""What is sent to workers: code that they could not import, data that they cannot read. And how workers end."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.errors import RunError
from netsitter.nn.own import load_builder
from netsitter.searching.engines.site import DataElsewhere, Site, Worker
from netsitter.searching.legs import Leg, Track
from netsitter.searching.trials import trial_of

from .kit import LABELS, ROWS


def small(data=(ROWS, LABELS), **options) -> tuple:
    asked = asked_for(data, plan=None, loss=None, options={"epochs": 2, "batch": 50}, **{"net": "mlp:8", **options})
    return begun(asked)[0], asked


def leg(ready) -> Leg:
    return Leg("", tuple(trial_of(ready.plan, number, {"optim.lr": 1e-2}, epochs=2) for number in range(2)), 2)


def test_a_worker_trains_what_it_was_sent_as_this_process_does():
    ready, _ = small()
    there = Site.of(ready)
    data = there.data()
    found = Worker(there.code()).run(leg(ready), lambda: data)
    assert found.curves == Track(ready).run(leg(ready)).curves


def test_data_are_read_in_place_by_their_fingerprint(tmp_path):
    file = tmp_path / "rows.npz"
    np.savez(file, x=ROWS, y=LABELS)
    ready, _ = small(str(file))
    there = Site.of(ready)
    assert there.can_be_read
    found = Worker(there.code()).run(leg(ready), None)
    assert found.curves == Track(ready).run(leg(ready)).curves
    np.savez(file, x=ROWS + 1, y=LABELS)
    with pytest.raises(DataElsewhere, match="other data"):
        Worker(there.code()).run(leg(ready), None)
    file.unlink()
    with pytest.raises(DataElsewhere):
        Worker(there.code()).run(leg(ready), None)


@pytest.mark.slow
def test_a_function_in_a_file_that_no_worker_could_import_is_sent_as_it_is(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        textwrap.dedent("""
        from torch import nn

        class Mine(nn.Sequential):
            pass

        def build(inputs, outputs):
            return Mine(nn.Linear(inputs, 4), nn.ReLU(), nn.Linear(4, outputs))
        """)
    )
    ready, _ = small(net=f"{file}:build")
    module = load_builder(f"{file}:build")(inputs=8, outputs=5)  # which comes as an object, of a class of that file
    built, asked = small(net=module)
    packed = {"file": Site.of(ready).code(), "module": Site.of(built, asked.build).code()}
    work = tmp_path / "work"
    work.mkdir()
    for name, code in packed.items():
        (work / name).write_bytes(code)
    file.unlink()
    program = """
import pickle, sys
own = pickle.load(open(sys.argv[1], "rb"))["own"][0]
net = own(inputs=8, outputs=5) if sys.argv[1] == "file" else own()
print(type(net).__name__, sum(p.numel() for p in net.parameters()))
"""
    for name in packed:
        done = subprocess.run(
            [sys.executable, "-c", program, name], capture_output=True, text=True, cwd=work, env=os.environ
        )
        assert done.stdout == "Mine 61\n", done.stderr


def test_code_that_cannot_be_sent_is_told_in_words():
    ready, _ = small()
    lock = threading.Lock()
    there = replace(Site.of(ready), build=lambda: lock)
    with pytest.raises(RunError, match="cannot be sent to other processes"):
        there.code()


def test_a_worker_of_another_version_is_refused():
    ready, _ = small()
    told = pickle.loads(Site.of(ready).code())
    with pytest.raises(RunError, match="a worker has netsitter"):
        Worker(pickle.dumps({**told, "version": "0.0.1"}))


PROGRAM = """
import os, sys
import numpy as np
import netsitter as ns

labels = np.arange(300) % 3
rows = (np.random.default_rng(0).normal(size=(300, 5)) + labels[:, None]).astype("float32")
folder = sys.argv[1]

def net(inputs, outputs, hyper=None):
    from torch import nn
    if hyper is not None:
        open(f"{folder}/pid-{os.getpid()}", "w").close()
    return nn.Sequential(nn.Linear(inputs, 4), nn.Linear(4, outputs))

ns.search((rows, labels), net=net, space={"width": [1, 2]}, trials=40, epochs=3_000, stages=1, engine="processes",
          workers=2, runs=folder + "/runs", show=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_search(how, tmp_path):
    search = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: len(list(tmp_path.glob("pid-*"))) >= 2, 120)
        workers = [int(file.name.removeprefix("pid-")) for file in tmp_path.glob("pid-*")]
        assert search.pid not in workers
        assert all(map(lives, workers))
        search.send_signal(how)
        search.wait(60)
        wait_until(lambda: not any(map(lives, workers)), 30)
    finally:
        search.kill()
        print(search.communicate()[1])


def lives(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds, most_s: float) -> None:
    end = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
