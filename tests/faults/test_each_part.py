"""SIGTERM, SIGKILL and SIGSTOP of each part of a fleet, one by one: what is said of that part, and nothing of the others. Of
the queen: R17_restarts, R13_queen_stopped; of the broker that is stopped in good order: R12_broker_stops. SKEP_LONG=1: also
those that a keep alive or a stall limit has to notice."""

import os
import signal

import pytest

from fleet import Agent, await_that
from hive import Hive
from oracle import FLEET

LONG = os.environ.get("SKEP_LONG") == "1"
TEXT = '[worker "w1"]\ncommand = sleep 600\n'  # an interval of 30 s: a machine with other work runs it late
HIVE, NAME, BYSTANDER = "hive-a", "hive-a/w1", "g/w2"
TERM, KILL, STOP = signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP

# Of whom what is said; and once it goes on, which is after a stop, or when somebody starts it anew.
PARTS = {
    ("program", TERM): ({NAME: ["stale", "online"]}, {}),
    ("program", KILL): ({NAME: ["stale", "online"]}, {}),
    ("program", STOP): ({NAME: ["suspect", "zombie"]}, {NAME: ["online"]}),
    ("agent", TERM): ({NAME: ["offline", "online"]}, {}),
    ("agent", KILL): ({NAME: ["stale", "online"]}, {}),
    ("agent", STOP): ({NAME: ["suspect", "stale"]}, {NAME: ["online"]}),
    ("hive", TERM): ({NAME: ["offline"], HIVE: ["offline"]}, {NAME: ["online"], HIVE: ["starting", "ready"]}),
    ("hive", KILL): ({HIVE: ["down"]}, {HIVE: ["starting", "ready"]}),
    ("hive", STOP): ({HIVE: ["down"]}, {HIVE: ["starting", "ready"]}),
    ("broker", KILL): ({FLEET: ["blind", "live"]}, {}),
    ("broker", STOP): ({FLEET: ["blind"]}, {FLEET: ["live"]}),
}
LONGEST_S = 120  # twice what a stall is by default
SLOW = [("agent", STOP), ("program", STOP), ("hive", STOP), ("broker", STOP)]
MAY = {("hive", STOP): ("suspect",), ("agent", STOP): ()}
CAUSES = {("program", TERM): "process_exited", ("program", KILL): "process_exited", ("agent", KILL): "process_exited",
          ("program", STOP): "stalled", ("agent", STOP): "missed_heartbeats"}


def child_of(pid):  # the program is below the guard of its agent
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def run_hive(started, broker, root, folder, key):
    more = "interval = 5s\n" if key == ("agent", STOP) else ""
    return started(Hive, broker, root, TEXT + more, "--state-dir", folder / "state").run()


def expect(oracle, said, what, shown, may=()):
    for name, states in said.items():
        oracle.did(name, what, *states, shown=shown, may=may if name == HIVE else ())


def seen_anew(queen, before):
    """Everybody has a connection since."""
    return all((worker := queen.worker(name)) and worker["state"] == "online" and worker["connection"] > connection
               for name, connection in before.items())


@pytest.mark.parametrize("part, how", [key for key in PARTS if LONG or key not in SLOW],
                         ids=lambda value: value.name if isinstance(value, signal.Signals) else value)
def test_of(own_broker, root, started, watch, tmp_path, part, how):
    key, shown = (part, how), ("suspect", "unverified")
    queen, oracle = watch(own_broker, "--return-grace", "5s", topic=part != "broker")
    expect(oracle, {HIVE: ["starting", "ready"], NAME: ["online"], BYSTANDER: ["online"]}, "start", ())
    hive = run_hive(started, own_broker, root, tmp_path, key)
    started(Agent, own_broker, root, BYSTANDER, "--reconnect-max", "1s", "--simulate")
    oracle.await_told()
    agent = hive.witness("w1")["pid"]
    pids = {"program": child_of(child_of(agent)), "agent": agent, "hive": hive.process.pid, "broker": own_broker.pid}
    said, afterwards = PARTS[key]
    what = f"SIG{how.name[3:]} of the {part}"
    before = {name: queen.worker(name)["connection"] for name in (NAME, BYSTANDER)}

    expect(oracle, said, what, shown, MAY.get(key, ()))
    if part == "broker":
        for name in (HIVE, NAME, BYSTANDER):
            oracle.did(name, what, shown=shown)
    os.kill(pids[part], how)
    if key == ("broker", KILL):
        await_that(lambda: queen.ask("/health")[0] == 503, "a blind queen")
        own_broker.start_again()
        await_that(lambda: seen_anew(queen, before), "everybody on a new connection")
    oracle.await_told(LONGEST_S)
    if cause := CAUSES.get(key):
        assert [e["cause"] for e in queen.events(NAME) if e["state"] in ("stale", "zombie")] == [cause]
    if afterwards:
        expect(oracle, afterwards, f"end of {what}", shown)
        if how == STOP:
            os.kill(pids[part], signal.SIGCONT)
        else:
            hive.process.wait()
            hive = run_hive(started, own_broker, root, tmp_path, key)
        oracle.await_told()
    assert not oracle.faults()
    oracle.measure(what)
