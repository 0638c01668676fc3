"""R12, R17: the broker and four of ten workers are killed together, and the broker comes back with what it had stored a while ago:
those four are judged, nobody else, and the verdicts that it stores are the queen's again. SKEP_LONG=1: 200 workers."""

import os
import shutil
import signal

from fleet import Agent, await_that

LONG = os.environ.get("SKEP_LONG") == "1"
COUNT = 200 if LONG else 10
NAMES = [f"h{i % 3}/w{i}" for i in range(COUNT)]
KILLED, DEAD_BEFORE, LATECOMER = NAMES[:COUNT * 2 // 5], NAMES[-1], "h0/late"
INTERVAL = "10s" if LONG else "4s"
LONGEST_S = 120  # more than the lease, the grace and a storm


def save(broker, copy):
    """What the broker has stored by now."""
    database = broker.folder / "mosquitto.db"
    before = database.stat().st_mtime_ns if database.exists() else 0
    broker.send(signal.SIGUSR1)
    await_that(lambda: database.exists() and database.stat().st_mtime_ns > before, "the broker's save")
    shutil.copy(database, copy)
    return database


def test_killed_with_workers(own_broker, root, started, watch, tmp_path):
    queen, oracle = watch(own_broker, "--return-grace", "5s", topic=False)

    def start(name):
        oracle.did(name, "start", "online")
        return started(Agent, own_broker, root, name, "--interval", INTERVAL, "--reconnect-max", "1s", "--simulate")

    agents = {name: start(name) for name in NAMES}
    oracle.await_told()
    database = save(own_broker, tmp_path / "old.db")
    oracle.did(DEAD_BEFORE, "kill before", "stale", cause="last_will", shown=("suspect",))
    agents[DEAD_BEFORE].kill()
    start(LATECOMER)
    oracle.await_told()

    connections = {name: queen.worker(name)["connection"] for name in (*NAMES, LATECOMER)}
    oracle.did("fleet", "kill", "blind", "live", may=("storm_begins", "storm_ends"))
    for name in (*NAMES, LATECOMER):
        if name in KILLED:
            oracle.did(name, "kill with the broker", "stale", shown=("suspect",), may=("suspect",))
        else:
            oracle.did(name, "kill of the broker", shown=("suspect",))
    own_broker.send(signal.SIGKILL)
    for name in KILLED:
        agents[name].kill()
    own_broker.end(signal.SIGKILL)
    await_that(lambda: queen.ask("/health")[0] == 503, "a blind queen")
    shutil.copy(tmp_path / "old.db", database)
    own_broker.start_again()
    alive = [name for name in (*NAMES, LATECOMER) if name not in (*KILLED, DEAD_BEFORE)]
    await_that(lambda: all((w := queen.worker(name))["connection"] > connections[name] and w["state"] == "online"
                           for name in alive), "the others online on a new connection")
    oracle.await_told(LONGEST_S)
    assert not oracle.faults()
    oracle.measure("kill with the broker")
