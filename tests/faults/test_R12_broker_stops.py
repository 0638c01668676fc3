"""R12: the broker is stopped, which publishes the wills of all, and starts again. Nobody dies of it, and whoever was killed
meanwhile is judged. SKEP_LONG=1: 500 workers."""

import os
import signal

import pytest

from fleet import Agent, await_that
from oracle import FLEET

COUNT = 500 if os.environ.get("SKEP_LONG") == "1" else 12
NAMES = [f"h{i % 2}/w{i}" for i in range(COUNT)]
KILLED = NAMES[:COUNT // 3]
INTERVAL = "5s" if COUNT < 100 else "30s"


@pytest.mark.parametrize("killed", [[], KILLED], ids=["nobody", "four"])
def test_a_stop_and_a_start(own_broker, root, started, watch, killed):
    queen, oracle = watch(own_broker, "--return-grace", "5s", topic=False)
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, own_broker, root, name, "--interval", INTERVAL, "--reconnect-max", "1s", "--simulate")
              for name in NAMES}
    oracle.await_told()
    connections = {name: queen.worker(name)["connection"] for name in NAMES}

    oracle.did(FLEET, "stop", "blind", "live")
    for name in NAMES:
        oracle.did(name, "stop", shown=("suspect",))
    own_broker.end(signal.SIGTERM)
    await_that(lambda: queen.ask("/health")[0] == 503, "a blind queen")
    for name in killed:
        oracle.did(name, "kill", "stale", cause="last_will", shown=("suspect",))
        agents[name].kill()
    own_broker.start_again()
    alive = set(NAMES) - set(killed)
    await_that(lambda: all((w := queen.worker(name))["connection"] > connections[name] and w["state"] == "online"
                           for name in alive), "the others online on a new connection")
    oracle.await_told()
    assert not oracle.faults()
    oracle.measure("kill")
