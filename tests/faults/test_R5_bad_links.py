"""R5 on links that are bad, not gone: packets are lost, or there is little room: nobody is announced, and who is killed is
judged; and a cable that is cut in one direction only, which is a death like any other. SKEP_LONG=1: 20 workers, for 5
minutes, and the direction that only a keep alive notices."""

import os
import time

import pytest

from conftest import PLAIN
from fleet import Agent, await_that
from link import NEAR

LONG = os.environ.get("SKEP_LONG") == "1"
COUNT, LASTS_S = (20, 300) if LONG else (3, 6)
NAMES = [f"far/w{i}" for i in range(COUNT)]
LOSS, SEED, ROUND_TRIP_MS, BITS = 0.05, 7, 40, 64000


@pytest.fixture
def scene(link, far_broker, root, started, watch):
    """scene(count, interval) is a queen, its oracle, and agents at the far end, all online. The link is whole afterwards."""
    def make(count, interval):
        queen, oracle = watch(far_broker)
        for name in NAMES[:count]:
            oracle.did(name, "start", "online")
        agents = {name: started(Agent, far_broker, root, name, "--interval", interval, "--simulate",
                                uri=f"mqtt://{NEAR}:{PLAIN}", inside=link.inside) for name in NAMES[:count]}
        oracle.await_told()
        return queen, oracle, agents

    link.set_round_trip(ROUND_TRIP_MS)
    yield make
    for way in ("near", "far"):
        link.do("mend", way)
        link.do("loss", way, 0, SEED)
        link.do("rate", way, 0)


def lose(link, way):
    link.do("loss", way, LOSS, SEED)


def narrow(link, way):
    link.do("rate", way, BITS)


@pytest.mark.parametrize("spoil", [lose, narrow])
def test_a_bad_link(link, scene, spoil):
    """Lasts until each worker has beaten on it, and for a while; who is killed on it is noticed by the end of its connection,
    or by silence where that is lost."""
    queen, oracle, agents = scene(COUNT, "10s" if LONG else "5s")
    for name in NAMES:
        oracle.did(name, "a bad link")
    for way in ("near", "far"):
        spoil(link, way)
    before = {name: queen.worker(name)["heartbeat"]["seq"] for name in NAMES}
    time.sleep(LASTS_S)  # what is tested is that nothing happens
    await_that(lambda: all(queen.worker(name)["heartbeat"]["seq"] > seq for name, seq in before.items()), "heartbeats on it")
    oracle.did(NAMES[0], "kill on a bad link", "stale", shown=("suspect",), may=("suspect",))
    agents[NAMES[0]].kill()
    assert not oracle.faults()
    oracle.measure("kill on a bad link")


@pytest.mark.parametrize("way", ["near", "far"] if LONG else ["near"])
def test_a_cut_in_one_direction(link, scene, way):
    """Towards the broker: silence. Away from it, no acknowledgement comes: the agent gives its link up, and the next one
    does not come to be."""
    _, oracle, agents = scene(3, "2s")
    for name in agents:
        oracle.did(name, f"cut towards {way}", "stale", shown=("suspect",), may=("suspect",))
    link.do("cut", way)
    oracle.await_told()
    for name in agents:
        oracle.did(name, "mend", "online", shown=("suspect",))
    link.do("mend", way)
    oracle.await_told()
    assert not oracle.faults()
    oracle.measure(f"cut towards {way}")
