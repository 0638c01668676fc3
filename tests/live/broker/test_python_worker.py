"""worker.py was written from docs/protocol.md alone: a worker like any other."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

from fleet import LIMIT_S, Program
from proxy import Proxy

WORKER = pathlib.Path(__file__).parent / "worker.py"


class PythonWorker(Program):
    def __init__(self, broker, root, *options, port=None):
        super().__init__(broker.folder, pathlib.Path(sys.executable), WORKER, "--port", str(port or broker.port),
                         "--root", root, "--id", "py", *options)
        self.start()


@pytest.fixture
def worker(broker, root, queen, started):
    worker = started(PythonWorker, broker, root, "--interval", "5")
    queen.await_state("default/py")
    return worker


def ask(broker, root, method, payload=""):
    done = subprocess.run(["mosquitto_rr", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port),
                           "-t", f"{root}-rpc/hive/default/worker/py/{method}", "-e", f"{root}-rpc/reply/me",
                           "-m", payload, "-W", "5"], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return json.loads(done.stdout)


def test_it_is_online_with_all_that_it_says(queen, worker):
    document = queen.await_heartbeat("default/py", lambda _: True)
    heartbeat = document["heartbeat"]
    assert re.fullmatch("[0-9a-f]{16}", document["session"])
    assert (heartbeat["session"], document["connection"]) == (document["session"], 1)
    assert (heartbeat["status"], heartbeat["pid"]) == ("idle", worker.process.pid)
    assert [e["state"] for e in queen.events("default/py")] == ["online"]


def test_it_answers(broker, root, queen, worker):
    seq = ask(broker, root, "beat")["result"]["seq"]
    assert queen.await_heartbeat("default/py", lambda heartbeat: heartbeat["seq"] >= seq)
    health = ask(broker, root, "health")["result"]
    assert (health["status"], health["serviceId"]) == ("pass", "worker/default/py")
    assert ask(broker, root, "fly")["error"]["code"] == "no_method"


def test_it_is_killed_judged_and_back(queen, worker):
    worker.kill()
    evidence = queen.await_state("default/py", "stale")["evidence"]
    assert (evidence["path"], evidence["result"]) == ("will", "no_subscriber")
    worker.start()
    queen.await_state("default/py")
    assert [(e["state"], e["cause"]) for e in queen.events("default/py")] == [
        ("online", "birth"), ("stale", "last_will"), ("online", "birth")]


def test_it_says_goodbye(queen, worker):
    assert worker.end() == 0
    assert queen.await_state("default/py", "offline")["cause"] == "goodbye"
    assert [e["state"] for e in queen.events("default/py")] == ["online", "offline"]


def test_it_comes_back_before_anybody_is_told(broker, root, queen, started):
    proxy = Proxy(broker.port)
    started(PythonWorker, broker, root, port=proxy.port)
    queen.await_heartbeat("default/py", lambda heartbeat: heartbeat["seq"] >= 1)  # it has lived for a while
    proxy.reset(0.1)
    queen.await_heartbeat("default/py", lambda heartbeat: heartbeat["connection"] > 1)
    assert [e["state"] for e in queen.events("default/py")] == ["online"]


def test_its_birth_expires(broker, root, queen, worker):
    stored = subprocess.run(["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port), "-t",
                             f"{root}/hive/default/worker/py/presence", "-C", "1", "-F", "%E %p", "-W", str(LIMIT_S)],
                            capture_output=True, text=True, check=True).stdout
    left, _, document = stored.partition(" ")
    assert 0 < int(left) <= json.loads(document)["retain_s"]


def test_it_heals_what_others_clear(broker, root, queen, worker):
    presence = f"{root}/hive/default/worker/py/presence"
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-r", "-n", "-t", presence], check=True)
    born = subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", presence, "-C", "1",
                           "-W", str(LIMIT_S)], capture_output=True, text=True, check=True).stdout
    assert json.loads(born)["presence"] == "online"
    assert queen.worker("default/py")["state"] == "online"
