"""R17: a queen that restarts over and over, killed and stopped in turn, reports no death and nobody alive again, and whoever dies
meanwhile once; with a database, and by its own verdicts alone. SKEP_LONG=1: 20 times, with 30 alive and 20 dead."""

import os
import signal

import pytest

from fleet import Agent, await_that
from oracle import COMMAND, FLEET, LIST

LONG = os.environ.get("SKEP_LONG") == "1"
ALIVE, DEAD, TIMES = (30, 20, 20) if LONG else (6, 3, 4)
NAMES = [f"h{i % 3}/w{i}" for i in range(ALIVE + DEAD + 1)]
DEAD_BEFORE, DIES_MEANWHILE = NAMES[:DEAD], NAMES[DEAD]


def lives(oracle, channel):
    return sum(sight.state == "live" for sight in oracle.seen[channel][FLEET])


@pytest.mark.parametrize("database", [False, True], ids=["verdicts", "database"])
def test_restarts(broker, root, started, watch, tmp_path, database):
    queen, oracle = watch(broker, "--return-grace", "5s", *(["--state-dir", tmp_path / "state"] if database else []))
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, broker, root, name, "--interval", "5s", "--simulate") for name in NAMES}
    oracle.await_told()
    for name in DEAD_BEFORE:
        oracle.did(name, "kill", "stale", cause="last_will", shown=("suspect",))
        agents[name].kill()
        oracle.await_told()
    for i in range(TIMES):
        how = (signal.SIGKILL, signal.SIGTERM)[i % 2]
        oracle.did(FLEET, f"restart {i}", "live", may=("blind",))
        for name in NAMES:
            if name not in DEAD_BEFORE:
                oracle.did(name, f"restart {i}", shown=("unverified",))
        before = {channel: lives(oracle, channel) for channel in (LIST, COMMAND)}
        queen.end(how)
        if i == TIMES - 1:
            oracle.did(DIES_MEANWHILE, "kill while it is away", "stale", shown=("suspect", "unverified"))
            agents[DIES_MEANWHILE].kill()
        queen.start()
        await_that(lambda before=before: all(lives(oracle, channel) > count for channel, count in before.items()),
                   "its `live` on all channels")
    assert not oracle.faults()
    oracle.measure("kill while it is away")
