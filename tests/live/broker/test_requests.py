"""Requests over MQTT, asked by mosquitto_rr and paho: what is answered, with what, and what is not."""

import json
import subprocess
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fleet import LIMIT_S, await_that


def without_counters(document):
    """The health document counts messages, and every request is one."""
    return {name: value for name, value in document["checks"].items() if not name.startswith("messages:")}


@pytest.fixture
def ask(broker, root):
    """ask("queen/queen/health") is what mosquitto_rr prints: QoS 0, no Correlation Data."""
    def ask(request, payload=""):
        done = subprocess.run(["mosquitto_rr", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port),
                               "-t", f"{root}-rpc/{request}", "-e", f"{root}-rpc/reply/me", "-m", payload, "-W", "10"],
                              capture_output=True, text=True, timeout=LIMIT_S, check=True)
        return json.loads(done.stdout)
    return ask


class Asker:
    """A client that publishes requests with any properties, and keeps what arrives on some topics."""

    def __init__(self, port, *topics):
        self.messages = []
        self.ready = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv5)
        self.client.on_message = lambda *arguments: self.messages.append(arguments[-1])
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.subscribe([(topic, mqtt.SubscribeOptions(qos=1)) for topic in topics])
        self.client.loop_start()
        assert self.ready.wait(LIMIT_S)

    def publish(self, topic, payload="", response=None, correlation=None, retain=False):
        properties = Properties(PacketTypes.PUBLISH)
        if response:
            properties.ResponseTopic = response
        if correlation:
            properties.CorrelationData = correlation
        self.client.publish(topic, payload, 1, retain, properties).wait_for_publish(LIMIT_S)

    def await_message(self):
        await_that(lambda: self.messages, "a reply")
        return self.messages.pop(0)

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def asker(broker, root, started):
    return started(Asker, broker.port, f"{root}-rpc/reply/#", f"{root}/hive/+/worker/+/forged")


def test_the_result_is_the_body_over_http(queen, ask, device):
    device("a/w1", status="idle", queue_depth=3)
    device("b/w2", status="busy")
    queen.await_all(["a/w1", "b/w2"])
    health = ask("queen/queen/health")["result"]
    body = queen.ask("/health")[1]
    assert without_counters(health) == without_counters(body)
    differ = {"checks": None, "held_ms": None}
    assert {**health, **differ} == {**body, **differ}
    assert len(body["session"]) == 16 and body["held_ms"] >= health["held_ms"] >= 0

    worker = ask("queen/queen/worker.get", '{"worker_id":"w1"}')["result"]
    assert worker["heartbeat"] == queen.worker("a/w1")["heartbeat"]
    assert worker.keys() == queen.worker("a/w1").keys()
    listed = ask("queen/queen/worker.list", '{"status":"busy"}')["result"]
    assert [w["worker_id"] for w in listed["workers"]] == ["w2"]
    assert listed.keys() == queen.ask("/v1/workers")[1].keys()


def test_errors(queen, ask, device):
    device("a/w1")
    device("b/w1")
    queen.await_all(["a/w1", "b/w1"])
    error = ask("queen/queen/worker.get", '{"worker_id":"w1"}')["error"]
    assert error["code"] == "ambiguous"
    assert "a/w1" in error["message"] and "b/w1" in error["message"]
    assert ask("queen/queen/worker.get", '{"worker_id":"w1","hive_id":"b"}')["result"]["hive_id"] == "b"
    for request, payload, code in (
            ("worker.get", '{"worker_id":"w9"}', "not_found"), ("worker.get", "", "bad_params"),
            ("worker.list", '{"limit":0}', "bad_params"), ("health", "[]", "bad_params"), ("health", "{", "bad_params"),
            ("health", "{}" + " " * 16384, "too_large"), ("fly", "", "no_method")):
        assert ask(f"queen/queen/{request}", payload)["error"]["code"] == code, (request, payload[:20])


def test_a_worker_answers_the_same_way(queen, ask, agent):
    agent("h/w1", "--interval", "30s")
    queen.await_state("h/w1")
    assert ask("hive/h/worker/w1/health")["result"]["serviceId"] == "worker/h/w1"
    assert ask("hive/h/worker/w1/beat")["result"]["seq"] >= 1
    assert ask("hive/h/worker/w1/fly")["error"]["code"] == "no_method"


def test_the_correlation_comes_back(queen, asker, root):
    for correlation in (b"1", b"\x00\xff" * 64):
        asker.publish(f"{root}-rpc/queen/queen/health", response=f"{root}-rpc/reply/x", correlation=correlation)
        reply = asker.await_message()
        assert reply.topic == f"{root}-rpc/reply/x"
        assert reply.properties.CorrelationData == correlation
        assert not reply.retain
        assert reply.properties.ContentType == "application/json"
        assert "result" in json.loads(reply.payload)


@pytest.mark.parametrize("who", ["queen/queen", "hive/h/worker/w1"])
def test_what_is_not_answered_is_counted(queen, asker, agent, root, ask, who):
    agent("h/w1")
    queen.await_state("h/w1")
    topic = f"{root}-rpc/{who}/health"
    counter = "messages:rejected:refused" if who.startswith("queen") else "messages:ignored"

    def count():
        checks = ask(f"{who}/health")["result"]["checks"]
        return checks[counter][0]["observedValue"] if counter in checks else 0

    before = count()
    asker.publish(topic)
    asker.publish(topic, response=f"{root}/hive/h/worker/w1/forged")
    asker.publish(topic, response="elsewhere-rpc/reply/x")
    asker.publish(topic, response=f"{root}-rpc/reply/x", correlation=b"c" * 129)
    asker.publish(topic, response=f"{root}-rpc/reply/x/y")
    asker.publish(topic, response=f"{root}-rpc/reply/" + "a/" * 200 + "a")  # mosquitto would end the link of a responder
    asker.publish(topic, response=f"{root}-rpc/reply/x", correlation=b"last")
    await_that(lambda: count() == before + 6, "six that were counted")
    replies = [m.properties.CorrelationData for m in asker.messages if m.topic == f"{root}-rpc/reply/x"]
    assert replies == [b"last"]
    assert not [m for m in asker.messages if m.topic.endswith("/forged")]


def test_the_queen_says_that_she_answers(queen, broker, root, started):
    presence = started(Asker, broker.port, f"{root}/queen/queen/presence")
    assert json.loads(presence.await_message().payload)["rpc"] is True


def test_a_flood_of_requests_changes_little(queen, asker, agent, root, ask):
    """There are ten heartbeats a second on request, however many requests come; others are answered meanwhile."""
    agent("h/w1")
    seq = queen.await_state("h/w1")["heartbeat"]["seq"]
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = f"{root}-rpc/reply/flood"
    began = time.monotonic()
    for _ in range(5000):
        asker.client.publish(f"{root}-rpc/hive/h/worker/w1/beat", "", 0, False, properties)
    assert ask("hive/h/worker/w1/health")["result"]["status"] == "pass"
    asker.publish(f"{root}-rpc/hive/h/worker/w1/health", response=f"{root}-rpc/reply/x", correlation=b"behind all of them")
    await_that(lambda: [m for m in asker.messages if m.topic.endswith("/x")], "the reply to another asker")
    beats = ask("hive/h/worker/w1/beat")["result"]["seq"] - seq
    assert beats <= 10 + 11 * (time.monotonic() - began)
