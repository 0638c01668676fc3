"""R5: silence, by a process that is stopped and by a cable that swallows packets; and what is over before the limit."""

import os
import signal

import pytest

from conftest import PLAIN
from fleet import Agent, await_that, stop
from link import NEAR

NAMES = [f"far/w{i}" for i in range(3)]  # no more than what makes a storm
LATE_MS = 2500  # the interval is 2 s, the limit 4.4 s


@pytest.fixture
def scene(link, far_broker, root, started, watch):
    """A queen, its oracle, and agents at the far end, all online."""
    queen, oracle = watch(far_broker)
    link.set_round_trip(20)
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, far_broker, root, name, "--interval", "2s", "--simulate", uri=f"mqtt://{NEAR}:{PLAIN}",
                            inside=link.inside) for name in NAMES}
    oracle.await_told()
    return queen, oracle, agents


def silence(oracle, names, what):
    for name in names:
        oracle.did(name, what, "suspect", "stale", cause="missed_heartbeats")


def return_of(oracle, names, what):
    for name in names:
        oracle.did(name, what, "online", shown=("suspect",))


def test_a_stopped_agent(scene):
    """One of three: the others are nobody's business."""
    _, oracle, agents = scene
    name = NAMES[0]
    silence(oracle, [name], "stop")
    stop(agents[name].process.pid)
    oracle.await_told()
    return_of(oracle, [name], "go on")
    os.kill(agents[name].process.pid, signal.SIGCONT)
    oracle.await_told()
    assert not oracle.faults()
    oracle.measure("stop")


def test_a_cut_cable(link, scene):
    _, oracle, _ = scene
    silence(oracle, NAMES, "cut")
    for way in ("near", "far"):
        link.do("cut", way)
    oracle.await_told()
    return_of(oracle, NAMES, "mend")
    for way in ("near", "far"):
        link.do("mend", way)
    oracle.await_told()
    assert not oracle.faults()
    oracle.measure("cut")


def test_a_cut_that_is_over_before_the_limit(link, scene):
    """A heartbeat of each comes late, and nothing is announced."""
    queen, oracle, _ = scene

    def seen():
        return {name: queen.worker(name)["heartbeat"]["seq"] for name in NAMES}

    before = seen()
    for name in NAMES:
        oracle.did(name, "a short cut")
    link.do("cut", "near")
    await_that(lambda: any(queen.worker(name)["last_seen_ms_ago"] > LATE_MS for name in NAMES), "a heartbeat that is late")
    link.do("mend", "near")
    await_that(lambda: all(now > before[name] for name, now in seen().items()), "heartbeats again")
    assert not oracle.faults()
