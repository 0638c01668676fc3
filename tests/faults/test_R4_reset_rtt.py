"""R4 on links of any length: whoever is reset and comes back is not announced, and whoever is killed is judged in the wait
that R4 names; also where a link has become slow since. SKEP_LONG=1: all links, 20 of each."""

import os
import signal

import pytest

from conftest import PLAIN, TLS
from fleet import Agent, await_that
from hive import Hive
from link import NEAR, port_of
from listener import Listener
from oracle import name_of

LONG = os.environ.get("SKEP_LONG") == "1"
LINKS = [(ms, tls) for ms in (1, 40, 80, 140, 240, 600) for tls in (False, True)] if LONG else [(80, False), (240, True)]
NAMES, KILLED = [f"far/w{i}" for i in range(20 if LONG else 3)], 3 if LONG else 1
WAIT_MS, WAIT_MAX_MS, SLOW_MS = 250, 4000, 5000  # SLOW_MS: what a machine with other work may take besides
SLOW_LINK_MS = 600


@pytest.fixture
def far(link, far_broker, authority, root, started):
    """far(tls, Kind, what, *options) starts an agent or a hive at the far end."""
    def make(tls, kind, what, *options, **more):
        uri = f"mqtts://{NEAR}:{TLS}" if tls else f"mqtt://{NEAR}:{PLAIN}"
        trust = ["--cafile", authority / "ca.crt"] if tls else []
        return started(kind, far_broker, root, what, *trust, *options, uri=uri, inside=link.inside, **more)
    return make


@pytest.fixture
def births(far_broker, root, started):
    """Whoever was born, with its hive or as one."""
    return started(Listener, far_broker.port, f"{root}/hive/+/worker/+/presence", f"{root}/hive/+/presence")


def connections(births):
    return {name_of(d): d["connection"] for d in births.documents("/presence") if d["presence"] == "online"}


def await_as_before(queen, name, state, connection):
    await_that(lambda: (d := queen.worker(name) if "/" in name else queen.ask(f"/v1/hives/{name}")[1])
               and (d["state"], d["connection"] > connection) == (state, True), f"{name} {state} on a new connection")


def reset(queen, oracle, births, link, names, port=None, state="online"):
    """Comes back when they are back: from then on nothing can come of it."""
    before = connections(births)
    for name in names:
        oracle.did(name, "reset", shown=("suspect",))
    assert link.reset(port) == len(names)
    for name in names:
        await_as_before(queen, name, state, before[name])


def judged_in_the_named_wait(queen, births, name, round_trip_ms, tls):
    """By what the dead had declared, and what the queen's evidence says."""
    born = [d for d in births.documents("/presence") if d["presence"] == "online" and name_of(d) == name][-1]
    event = [e for e in queen.events() if name_of(e) == name][-1]
    wait = min(WAIT_MS + 2 * born["connect_ms"], WAIT_MAX_MS)
    assert born["connect_ms"] >= round_trip_ms * (3 if tls else 2)
    assert wait <= event["evidence"]["took_ms"] < wait + SLOW_MS


@pytest.mark.parametrize("round_trip_ms, tls", LINKS)
def test_workers(link, far_broker, watch, far, births, round_trip_ms, tls):
    """One after the other, then all at once."""
    queen, oracle = watch(far_broker)
    link.set_round_trip(round_trip_ms)
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: far(tls, Agent, name, "--simulate") for name in NAMES}
    oracle.await_told()
    for name, agent in agents.items():
        reset(queen, oracle, births, link, [name], port_of(agent.process.pid))
    reset(queen, oracle, births, link, NAMES)

    what = f"kill at {round_trip_ms} ms{' with TLS' if tls else ''}"
    for name in NAMES[:KILLED]:
        oracle.did(name, what, "stale", cause="last_will", shown=("suspect",))
        agents[name].kill()
        oracle.await_told()
    assert not oracle.faults()
    oracle.measure(what)
    for name in NAMES[:KILLED]:
        judged_in_the_named_wait(queen, births, name, round_trip_ms, tls)


@pytest.mark.parametrize("tls", [False, True] if LONG else [False])
def test_a_link_that_becomes_slow(link, far_broker, watch, far, births, tls):
    """After the birth, which is published again when heartbeats have shown it."""
    queen, oracle = watch(far_broker)
    link.set_round_trip(1)
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: far(tls, Agent, name, "--simulate", "--interval", "5s") for name in NAMES}
    oracle.await_told()
    link.set_round_trip(SLOW_LINK_MS)

    def declared():
        return {name_of(d): d["connect_ms"] for d in births.documents("/presence") if d["presence"] == "online"}

    await_that(lambda: min(declared().values()) >= 2 * SLOW_LINK_MS, "births that declare what the link takes by now")
    for name, agent in agents.items():
        reset(queen, oracle, births, link, [name], port_of(agent.process.pid))
    reset(queen, oracle, births, link, NAMES)
    assert not oracle.faults()


@pytest.mark.parametrize("round_trip_ms, tls", LINKS[-1:] if not LONG else LINKS)
def test_a_hive(link, far_broker, watch, far, births, round_trip_ms, tls):
    """Its worker has a connection of its own."""
    queen, oracle = watch(far_broker)
    link.set_round_trip(round_trip_ms)
    oracle.did("far", "start", "starting", "ready")
    oracle.did("far/w0", "start", "online")
    hive = far(tls, Hive, '[worker "w0"]\ncommand = sleep 600\n', name="far")
    hive.start()
    oracle.await_told()
    worker = births.documents("/presence", "w0")[-1]["pid"]
    try:
        for _ in range(3):
            reset(queen, oracle, births, link, ["far"], port_of(hive.process.pid), "ready")
        oracle.did("far", "kill", "down", cause="last_will", shown=("suspect",))
        hive.kill()
        assert not oracle.faults()
    finally:
        os.kill(worker, signal.SIGKILL)
    judged_in_the_named_wait(queen, births, "far", round_trip_ms, tls)
