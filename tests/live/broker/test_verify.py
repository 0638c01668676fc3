"""One verification now: of watched programs that work, hang and are stopped, and of workers that do not answer. R6 to R8."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

from askable import Askable
from fleet import LIMIT_S, Queen, Skep, stop

NOTIFIER = str(pathlib.Path(__file__).parent / "notifier.py")
SLEEPER = ("--exec", "--", "sleep", "1000")
BEFORE_ROUTING = "verified=true&limit=1&status=idle&sort=queue_depth"


def notifies(*lines):
    return ("--exec", "--", "/usr/bin/python3", NOTIFIER, *lines)


@pytest.fixture
def verify(queen):
    """verify("h1/w1") is the exit code and the document."""
    skep = Skep(queen.url)

    def verify(name):
        done = skep("verify", name, "-o", "json")
        return done.returncode, json.loads(done.stdout)
    return verify


@pytest.fixture
def askable(broker, root, started, queen):
    def make(name, **options):
        made = started(Askable, broker.port, root, name, **options)
        queen.await_state(name)
        return made
    return make


def child_of(queen, name):
    return queen.await_heartbeat(name, lambda beat: beat["pid"])["heartbeat"]["pid"]


def test_a_stopped_child_is_a_zombie_until_it_goes_on(root, queen, listener, agent, verify):
    agent("h1/w1", "--interval", "1s", source=SLEEPER)
    child = child_of(queen, "h1/w1")
    stop(child)
    code, found = verify("h1/w1")
    assert (code, found["result"], found["path"], found["state"]) == (3, "stalled", "mqtt", "zombie")
    assert found["took_ms"] <= 5000  # the deadline
    topic = f"{root}/queen/queen/verdict/h1/w1"
    verdict, _ = listener.await_document(topic, state="zombie", cause="stalled")
    assert (verdict["evidence"]["path"], verdict["evidence"]["result"]) == ("mqtt", "stalled")

    seq = queen.worker("h1/w1")["heartbeat"]["seq"]
    queen.await_heartbeat("h1/w1", lambda beat: beat["seq"] >= seq + 2)
    assert queen.worker("h1/w1")["state"] == "zombie"  # beats alone do nothing
    os.kill(child, signal.SIGCONT)
    code, found = verify("h1/w1")
    assert (code, found["result"], found["state"]) == (0, "unknown", "online")
    listener.await_document(topic, state="online", cause="verified")
    assert [e["state"] for e in queen.events("h1/w1")] == ["online", "zombie", "online"]


def test_a_stopped_child_that_goes_on_needs_nobody_to_ask(queen, agent, verify):
    agent("h1/w1", "--interval", "1s", source=SLEEPER)
    child = child_of(queen, "h1/w1")
    stop(child)
    assert verify("h1/w1")[1]["state"] == "zombie"
    queen.await_heartbeat("h1/w1", lambda beat: beat.get("stalled_ms") is not None)
    os.kill(child, signal.SIGCONT)
    assert queen.await_state("h1/w1")["cause"] == "verified"  # its beat withdraws the reason


def test_what_programs_say_of_their_work(queen, agent, verify):
    for name, source, result in (("h1/silent", SLEEPER, "unknown"), ("h1/tells", notifies("WATCHDOG=1"), "ok"),
                                 ("h1/made-up", ("--simulate",), "ok")):
        agent(name, "--interval", "1s", source=source)
        queen.await_heartbeat(name, lambda beat, tells=name == "h1/tells": not tells or beat.get("progress"))
        code, found = verify(name)
        assert (code, found["result"], found["path"], found["state"]) == (0, result, "mqtt", "online"), name


def test_the_call_before_routing_a_request(broker, root, started, agent):
    queen = started(Queen, broker, root, "--verify-timeout", "2s")
    for name, depth, status in (("stopped", 1, "idle"), ("free", 2, "idle"), ("full", 3, "idle"), ("busy", 0, "busy")):
        agent(f"h1/{name}", "--interval", "1s",
              source=notifies("WATCHDOG=1", f"X_SKEP_QUEUE_DEPTH={depth}", f"X_SKEP_STATUS={status}"))
    for name, depth in ("stopped", 1), ("free", 2), ("full", 3), ("busy", 0):
        queen.await_heartbeat(f"h1/{name}", lambda beat, depth=depth: beat.get("queue_depth") == depth)
    stop(child_of(queen, "h1/stopped"))

    assert [w["worker_id"] for w in queen.workers(BEFORE_ROUTING)] == ["free"]
    assert queen.worker("h1/stopped")["state"] == "zombie"
    assert queen.worker("h1/free")["verification"]["result"] == "ok"
    assert queen.worker("h1/full")["verification"] is None  # nobody was asked in vain
    assert queen.worker("h1/busy")["verification"] is None


@pytest.mark.parametrize("why, options, result, state", [
    ("it subscribes, and never answers", {}, "no_reply", "online"),
    ("nobody subscribes", {"subscribes": False}, "no_subscriber", "online"),
])
def test_a_worker_that_does_not_answer(queen, askable, verify, why, options, result, state):
    worker = askable("h1/w1", **options)
    code, found = verify("h1/w1")
    assert (code, found["result"], found["path"], found["state"]) == (3, result, "mqtt", state), why
    assert worker.requests == (result == "no_reply"), why


def test_the_word_of_the_hive_is_enough(queen, askable, verify):
    worker = askable("h1/w1")
    worker.witness_end()
    assert queen.await_state("h1/w1", "stale")["cause"] == "process_exited"
    code, found = verify("h1/w1")
    assert (code, found["result"], found["path"], found["state"]) == (3, "process_gone", "hive", "stale")
    assert worker.requests == 0


def test_over_mqtt_the_same(broker, root, queen, askable):
    """With mosquitto_rr, as a person asks."""
    def ask(parameters):
        done = subprocess.run(["mosquitto_rr", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port),
                               "-t", f"{root}-rpc/queen/queen/worker.verify", "-e", f"{root}-rpc/reply/me",
                               "-m", json.dumps(parameters), "-W", "20"],
                              capture_output=True, text=True, timeout=LIMIT_S, check=True)
        return json.loads(done.stdout)

    for work, state in ("ok", "online"), ("stalled", "zombie"):
        worker = askable(f"h1/{work}", work=work)
        result = ask({"worker_id": work})["result"]
        assert result.pop("took_ms") >= 0
        assert result == {"worker_id": work, "hive_id": "h1", "result": work, "path": "mqtt", "state": state}
        assert worker.requests == 1
    assert ask({"worker_id": "nobody"})["error"]["code"] == "not_found"


def test_a_worker_made_of_a_shell_answers(broker, root, queen, verify):
    """mosquitto_sub and mosquitto_pub: the correlation is text, which a shell can send back as it came."""
    port = ("-V", "5", "-h", "127.0.0.1", "-p", str(broker.port))
    loop = subprocess.Popen(["/bin/sh", "-c", f"""
        mosquitto_sub {' '.join(port)} -q 1 -t '{root}-rpc/hive/h1/worker/w1/verify' -F '%R %D %p' |
        while read -r topic correlation payload; do
            mosquitto_pub {' '.join(port)} -q 1 -t "$topic" -D publish correlation-data "$correlation" \\
                -m "{{\\"result\\":${{payload%\\}}}},\\"work\\":\\"ok\\"}}}}"
        done"""], start_new_session=True)
    try:
        subprocess.run(["mosquitto_pub", *port, "-q", "1", "-r", "-t", f"{root}/hive/h1/worker/w1/presence", "-m",
                        '{"presence":"online","session":"00000000000000aa","connection":1,"rpc":true}'], check=True)
        queen.await_state("h1/w1")
        code, found = verify("h1/w1")
        assert (code, found["result"], found["path"], found["state"]) == (0, "ok", "mqtt", "online")
    finally:
        os.killpg(loop.pid, signal.SIGTERM)
        loop.wait(LIMIT_S)
