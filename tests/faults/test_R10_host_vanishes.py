"""R10: the cable of a host is cut, with a hive and its workers at it: one incident, and none of them is `stale`. SKEP_LONG=1:
8 and 200 workers, ten times each."""

import os

import pytest

from conftest import PLAIN
from fleet import Agent, await_that
from hive import Hive
from link import NEAR

LONG = os.environ.get("SKEP_LONG") == "1"
SIZES, TIMES = ([8, 200], 10) if LONG else ([8], 1)
INTERVAL = {8: "2s", 200: "30s"}  # a machine with other work runs 200 agents late, ...
LONGEST_S = 60  # 21 s until the broker notices, and the confirmation's 4 s
PATIENT = {8: [], 200: ["--confirm-wait", "4s"]}  # ... and they may need long to come back when it has reset them


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("_time", range(TIMES))
def test_a_cut_cable(link, far_broker, root, started, watch, size, _time):
    queen, oracle = watch(far_broker, *PATIENT[size])
    link.set_round_trip(2)
    names = [f"far/w{i}" for i in range(size)]
    more = {"uri": f"mqtt://{NEAR}:{PLAIN}", "inside": link.inside}
    oracle.did("far", "start", "starting", "ready")
    for name in names:
        oracle.did(name, "start", "online")
    started(Hive, far_broker, root, "", name="far", **more).start()
    for name in names:
        started(Agent, far_broker, root, name, "--interval", INTERVAL[size], "--simulate", **more)
    oracle.await_told()
    oracle.did("far", "cut", "down", may=("suspect",))
    for name in names:
        oracle.did(name, "cut", "unreachable", cause="hive_down", may=("suspect",), shown=("suspect",))
    try:
        for way in ("near", "far"):
            link.do("cut", way)
        oracle.await_told(LONGEST_S)
        assert not oracle.faults()
        oracle.measure("cut")
        incidents = {queen.worker(name)["incident"] for name in names}
        assert incidents == {queen.ask("/v1/hives/far")[1]["incident"]}
    finally:
        for way in ("near", "far"):
            link.do("mend", way)


@pytest.mark.skipif(not LONG, reason="a keep alive has to notice the cut")
@pytest.mark.parametrize("_time", range(TIMES))
def test_a_cut_that_ends_when_the_wills_have_come(link, far_broker, root, started, watch, _time):
    """And before the hive's: that is back at its next heartbeat, and its workers, which the broker has given up, when their
    keep alives notice."""
    queen, oracle = watch(far_broker)
    link.set_round_trip(2)
    names = [f"far/w{i}" for i in range(3)]
    more = {"uri": f"mqtt://{NEAR}:{PLAIN}", "inside": link.inside}
    oracle.did("far", "start", "starting", "ready")
    for name in names:
        oracle.did(name, "start", "online")
    started(Hive, far_broker, root, "", name="far", **more).start()
    for name in names:
        started(Agent, far_broker, root, name, "--keep-alive", "5s", "--reconnect-max", "1s", "--simulate", **more)
    oracle.await_told()
    oracle.did("far", "cut", "suspect", "ready")
    for name in names:
        oracle.did(name, "cut", shown=("suspect",))
    before = {name: queen.worker(name)["connection"] for name in names}
    try:
        for way in ("near", "far"):
            link.do("cut", way)
        await_that(lambda: any(queen.worker(name)["cause"] == "last_will" for name in names) and
                   queen.ask("/v1/hives/far")[1]["cause"] == "no_reply", "a will, and a hive that does not answer")
    finally:
        for way in ("near", "far"):
            link.do("mend", way)
    await_that(lambda: all((w := queen.worker(name))["connection"] > before[name] and w["state"] == "online"
                           for name in names), "all online on a new connection")
    assert not oracle.faults()
