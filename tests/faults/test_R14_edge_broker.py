"""R14: an edge broker behind a bridge is stopped, is killed, or its bridge is cut, with eight workers at it: nobody dies of it. One
that died meanwhile is judged when it would be back, and if all died all are."""

import signal
import time

import pytest

from fleet import Agent, Broker, await_that
from oracle import EVENTS, FLEET, LIST
from proxy import Proxy

NAMES = [f"edge/w{i}" for i in range(8)]
STORM = ("storm_begins", "storm_ends")
LONGEST_S = 60  # --return-grace, two verifications, and a machine with other work


def bridge_to(port, root):
    return ["connection edge", f"address 127.0.0.1:{port}", "bridge_protocol_version mqttv50", "cleansession true",
            "restart_timeout 1 2", "keepalive_interval 5", "remote_clientid edge", f"topic {root}/hive/# out 1",
            f"topic {root}/queen/# in 1", f"topic {root}-rpc/hive/# in 1", f"topic {root}-rpc/queen/# out 1",
            f"topic {root}-rpc/reply/# both 1"]


@pytest.fixture
def edge(own_broker, root, started, tmp_path):
    """A broker with a bridge through a proxy to the queen's."""
    path = Proxy(own_broker.port)
    folder = tmp_path / "edge"
    folder.mkdir()
    broker = started(Broker, folder, *bridge_to(path.port, root))
    yield broker, path
    path.close()


def start(oracle, broker, root, started, interval):
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, broker, root, name, "--interval", interval, "--reconnect-max", "1s", "--simulate")
              for name in NAMES}
    oracle.await_told()
    return agents


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_an_edge_broker_restarts(own_broker, edge, root, started, watch, how):
    queen, oracle = watch(own_broker)
    broker, _ = edge
    start(oracle, broker, root, started, "10s")
    before = {name: queen.worker(name)["connection"] for name in NAMES}
    oracle.did(FLEET, "edge ends", may=STORM)
    for name in NAMES:
        oracle.did(name, "edge ends", shown=("suspect",))
    broker.end(how)
    broker.start_again()
    await_that(lambda: all((w := queen.worker(name))["connection"] > before[name] and w["state"] == "online"
                           for name in NAMES), "all online on a new connection")
    assert not oracle.faults()


@pytest.mark.parametrize("died", [[], NAMES[:2], NAMES], ids=["nobody", "two", "all"])
def test_an_edge_broker_stops_for_longer(own_broker, edge, root, started, watch, died):
    """Until that is a storm."""
    queen, oracle = watch(own_broker, "--return-grace", "20s")
    broker, _ = edge
    agents = start(oracle, broker, root, started, "30s")
    before = {name: queen.worker(name)["connection"] for name in NAMES}
    oracle.did(FLEET, "edge stops", *STORM)
    for name in NAMES:
        if name in died:
            oracle.did(name, "edge stops, and it dies", "stale", shown=("suspect",), may=("suspect",))
        else:
            oracle.did(name, "edge stops", shown=("suspect",), may=("suspect",))
    broker.end()
    for name in died:
        agents[name].kill()
    await_that(lambda: any(e.get("fleet") == STORM[0] for e in queen.events()), "a storm")
    assert queen.check("storm:held") > 0
    broker.start_again()
    await_that(lambda: all((w := queen.worker(name))["connection"] > before[name] and w["state"] == "online"
                           for name in set(NAMES) - set(died)), "the others online on a new connection")
    oracle.await_told(LONGEST_S)
    assert not oracle.faults()
    oracle.measure("edge stops, and it dies")


def test_the_queen_is_killed_in_the_storm(own_broker, edge, root, started, watch, tmp_path):
    """Its next process, whose grace is over, has the wills of the eight as stored copies: they are held all the same."""
    grace_s, began = 8, time.monotonic()
    queen, oracle = watch(own_broker, "--return-grace", f"{grace_s}s", "--state-dir", tmp_path / "state")
    broker, _ = edge
    agents = start(oracle, broker, root, started, "5s")
    await_that(lambda: time.monotonic() > began + grace_s + 1, "the end of the first grace")
    oracle.did(FLEET, "edge stops", may=(*STORM, "live", *STORM))
    for name in NAMES:
        oracle.did(name, "edge stops, and it dies", "stale", shown=("suspect", "unverified"))
    lost_at = time.monotonic()
    broker.end()
    for agent in agents.values():
        agent.kill()
    await_that(lambda: any(sight.state == STORM[0] for sight in oracle.seen[LIST][FLEET]), "a storm")
    queen.end(signal.SIGKILL)
    queen.start()
    oracle.await_told(LONGEST_S)
    assert all(sight.at > lost_at + grace_s for name in NAMES for sight in oracle.seen[EVENTS][name] if sight.state == "stale")
    assert not oracle.faults()


def test_a_bridge_is_cut(own_broker, edge, root, started, watch):
    """Nobody has lost its own connection, and no will comes: silence, and whoever is not heard does not answer either."""
    queen, oracle = watch(own_broker)
    broker, path = edge
    start(oracle, broker, root, started, "5s")
    oracle.did(FLEET, "bridge is cut", *STORM)
    for name in NAMES:
        oracle.did(name, "bridge is cut", shown=("suspect",), may=("suspect", "online"))
    port = path.port
    path.close()
    await_that(lambda: any(e.get("fleet") == STORM[0] for e in queen.events()), "a storm")
    path.open(port)
    await_that(lambda: len(queen.workers("state=online")) == len(NAMES), "all online", LONGEST_S)
    oracle.await_told(LONGEST_S)
    assert not oracle.faults()
