"""Stopping: patience, scores that are no numbers, and signals."""

from __future__ import annotations

import math
import os
import signal
import threading
from contextlib import nullcontext

import pytest

from netsitter.train.stopping import better, heed_signals, out_of_patience, unbroken


def test_a_score_that_is_no_number_is_never_better():
    assert better(0.1, None)
    assert better(0.2, 0.1)
    assert not better(0.1, 0.1)
    assert not better(math.nan, None)


def test_patience_counts_epochs_since_the_best():
    assert not out_of_patience(5, 3, 3)
    assert out_of_patience(6, 3, 3)
    assert not out_of_patience(100, 0, None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks_and_the_second_does_what_it_always_did(number):
    seen = []
    before = signal.signal(number, lambda n, frame: seen.append(n))
    try:
        with heed_signals() as stop:
            assert not stop
            os.kill(os.getpid(), number)
            assert stop
            assert stop.signal == number
            assert seen == []
            os.kill(os.getpid(), number)
            assert seen == [number]
        os.kill(os.getpid(), number)
        assert seen == [number, number]
    finally:
        signal.signal(number, before)


def test_outside_the_main_thread_nothing_is_caught():
    found = []

    def work():
        with heed_signals() as stop:
            found.append(bool(stop))

    thread = threading.Thread(target=work)
    before = signal.getsignal(signal.SIGINT)
    thread.start()
    thread.join()
    assert found == [False]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("signals", "done"), [(0, "all"), (1, "all"), (2, "a part")])
def test_what_must_not_be_broken_off_is_done_before_a_first_signal_counts(signals, done):
    seen = ["nothing"]

    def work() -> None:
        with unbroken():
            seen.append("a part")
            for _ in range(signals):
                signal.raise_signal(signal.SIGINT)
            seen.append("all")
        if signals:
            seen.append("more")

    with pytest.raises(KeyboardInterrupt) if signals else nullcontext():
        work()
    assert seen[-1] == done


def test_a_signal_outlives_a_fault_of_what_must_not_be_broken_off():
    def work() -> None:
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            raise ArithmeticError("of its own")

    with pytest.raises(KeyboardInterrupt):
        work()


def test_a_signal_that_the_caller_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heed_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop
    finally:
        signal.signal(signal.SIGHUP, before)
