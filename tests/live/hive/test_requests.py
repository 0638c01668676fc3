"""What a hive answers, over MQTT and HTTP."""

import json
import urllib.error
import urllib.request

import pytest

from fleet import LIMIT_S
from hive import section


@pytest.fixture
def ask(broker):
    def make(hive, method, **parameters):
        return hive.ask(method, json.dumps(parameters) if parameters else "", broker.port)
    return make


def without_times(document):
    """Two looks at the same thing differ in these."""
    return json.loads(json.dumps(document), object_hook=lambda members: {
        k: v for k, v in members.items() if k not in ("timestamp", "restart_in_ms", "held_ms")})


def test_the_same_over_mqtt_and_http(hive, watched, ask):
    programs = [watched("w1"), watched("w2")]
    hive = hive("".join(section(program, program.folder.name) for program in programs))
    for program in programs:
        program.await_start()
    health = ask(hive, "health")["result"]
    assert without_times(health) == without_times(hive.get("/health"))
    assert health["held_ms"] >= 0 and len(health["session"]) == 16
    assert health["status"] == "pass" and health["serviceId"] == "hive/hive-a"
    assert without_times(ask(hive, "worker.list")["result"]) == without_times(hive.get("/v1/workers"))


def test_stop_start_restart(hive, watched, ask):
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    assert ask(hive, "worker.stop", worker_id="w1")["result"] == {"worker_id": "w1", "state": "stopping"}
    hive.await_witness("w1", "stopped")
    assert not program.alive()
    assert ask(hive, "worker.start", worker_id="w1")["result"] == {"worker_id": "w1", "state": "starting"}
    program.await_start(2)
    hive.await_witness("w1", "running", restarts=1)
    assert ask(hive, "worker.start", worker_id="w1")["result"] == {"worker_id": "w1", "state": "running"}
    assert ask(hive, "worker.restart", worker_id="w1")["result"] == {"worker_id": "w1", "state": "stopping"}
    program.await_start(3)


def test_pages(hive, ask):
    hive = hive("".join(f'[worker "w{n}"]\ncommand = true\nrestart = never\n' for n in (3, 1, 5, 2, 4)))
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        more = {"cursor": cursor} if cursor else {}
        page = ask(hive, "worker.list", limit=2, **more)["result"]
        seen += [worker["worker_id"] for worker in page["workers"]]
        cursor, pages = page["next"], pages + 1
    assert seen == ["w1", "w2", "w3", "w4", "w5"] and pages == 3
    page = hive.get("/v1/workers?limit=2&cursor=w2")
    assert [worker["worker_id"] for worker in page["workers"]] == ["w3", "w4"] and page["next"] == "w4"


@pytest.mark.parametrize("method, parameters, code", [
    ("worker.stop", {"worker_id": "nobody"}, "not_found"),
    ("worker.stop", {}, "bad_params"),
    ("worker.stop", {"worker_id": 7}, "bad_params"),
    ("worker.list", {"limit": 0}, "bad_params"),
    ("worker.list", {"limit": 1.5}, "bad_params"),
    ("worker.list", {"cursor": "no id"}, "bad_params"),
    ("fly", {}, "no_method"),
])
def test_errors(hive, ask, method, parameters, code):
    assert ask(hive(""), method, **parameters)["error"]["code"] == code


@pytest.mark.parametrize("path, method, status", [
    ("/", "GET", 404),
    ("/health", "POST", 405),
    ("/v1/workers", "DELETE", 405),
    ("/v1/workers?limit=x", "GET", 400),
    ("/v1/workers?limit=1001", "GET", 400),
    ("/v1/workers?colour=red", "GET", 400),
])
def test_http_problems(hive, path, method, status):
    hive = hive("")
    request = urllib.request.Request(hive.url + path, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=LIMIT_S)
    assert caught.value.code == status
    assert caught.value.headers["Content-Type"] == "application/problem+json"
    assert json.loads(caught.value.read())["status"] == status
