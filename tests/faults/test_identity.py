"""Identity: two workers with one id, of which neither is thrown out; two hives with one id, of which the second one ends without a
trace; and two that ran on both sides of a cut: the one that ran for longer stays. SKEP_LONG=1: that, too."""

import os

import pytest

from conftest import PLAIN
from fleet import Agent, await_that
from hive import Hive
from link import NEAR

LONG = os.environ.get("SKEP_LONG") == "1"
EXIT_REFUSED = 6
TEXT = '[worker "w1"]\ncommand = sleep 600\n'


def flags(queen, name):
    return queen.worker(name)["flags"]


def test_two_workers(broker, root, started, watch):
    """The newcomer is current; what the first one sends flags a conflict. With one of them gone the other is it, online."""
    queen, oracle = watch(broker)
    oracle.did("g/w1", "start", "online")
    first = started(Agent, broker, root, "g/w1", "--interval", "5s", "--simulate")
    oracle.await_told()
    second = started(Agent, broker, root, "g/w1", "--interval", "5s", "--simulate")
    await_that(lambda: "conflict" in flags(queen, "g/w1"), "the flag")
    session = queen.worker("g/w1")["session"]
    assert first.process.poll() is None and second.process.poll() is None
    oracle.did("g/w1", "kill of one", shown=("suspect",), may=("stale", "online"))
    second.kill()
    await_that(lambda: (w := queen.worker("g/w1"))["session"] != session and w["state"] == "online", "the first one current")
    assert not oracle.faults()


def test_a_second_hive(broker, root, started, watch):
    queen, oracle = watch(broker)
    oracle.did("hive-a", "start", "starting", "ready")
    oracle.did("hive-a/w1", "start", "online")
    first = started(Hive, broker, root, TEXT).run()
    oracle.await_told()
    second = Hive(broker, root, TEXT)
    second.start()
    assert second.process.wait(30) == EXIT_REFUSED
    assert "another hive holds the id hive-a" in second.said()
    assert not oracle.faults() and first.process.poll() is None


@pytest.mark.skipif(not LONG, reason="a keep alive has to notice the cut")
def test_two_hives_after_a_partition(link, far_broker, root, started, watch):
    """The second one is free to start, since the first one's death is published; it has its own worker of that name."""
    queen, oracle = watch(far_broker)
    link.set_round_trip(2)
    oracle.did("hive-a", "start", "starting", "ready")
    oracle.did("hive-a/w1", "start", "online")
    first = started(Hive, far_broker, root, TEXT, uri=f"mqtt://{NEAR}:{PLAIN}", inside=link.inside)
    first.start()
    oracle.await_told()
    oracle.did("hive-a", "cut", "down", may=("suspect",), shown=("suspect",))
    oracle.did("hive-a/w1", "cut", "unreachable", shown=("suspect",), may=("suspect",))
    for way in ("near", "far"):
        link.do("cut", way)
    try:
        oracle.await_told()
        oracle.did("hive-a", "second", "starting", "ready")
        oracle.did("hive-a/w1", "second", "online")
        second = Hive(far_broker, root, TEXT)
        second.start()
        oracle.await_told()
    finally:
        for name in ("hive-a", "hive-a/w1"):
            oracle.did(name, "mend", shown=("suspect", "starting", "unverified", "stale", "offline", "online"),
                       may=("starting", "ready", "offline", "online", "stale", "down", "unreachable"))
        for way in ("near", "far"):
            link.do("mend", way)
    assert second.process.wait(60) == EXIT_REFUSED
    await_that(lambda: queen.ask("/v1/hives/hive-a")[1]["state"] == "ready" and
               queen.worker("hive-a/w1")["state"] == "online", "the first one, and its worker")
    assert first.process.poll() is None
