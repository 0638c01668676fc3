"""One hive fills what all share: others lose nothing, the queen says so, and a person removes the flood."""

import json

import paho.mqtt.client as mqtt
import pytest

from fleet import LIMIT_S, Queen, Skep, await_that

MAX = 200


@pytest.fixture
def flood(broker, root):
    """flood(count, payload): so many workers of the hive `evil`, each at most once, and received when it returns."""
    client = mqtt.Client(protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", broker.port, keepalive=60)
    client.loop_start()

    def send(count, payload):
        sent = [client.publish(f"{root}/hive/evil/worker/f{i}/heartbeat", json.dumps(payload), qos=1)
                for i in range(count)]
        for message in sent:
            message.wait_for_publish(LIMIT_S)

    yield send
    client.disconnect()
    client.loop_stop()


def test_a_full_registry_takes_who_is_real(broker, root, started, device, flood):
    queen = started(Queen, broker, root, "--max-workers", str(MAX))
    old = device("h1/old", interval_ms=1000)
    queen.await_state("h1/old")
    flood(100, [])  # are rejected, and use up what is logged of such
    flood(2 * MAX, {"status": "idle"})
    await_that(lambda: queen.ask("/v1/workers?limit=1")[1]["total"] == MAX, "a full registry")
    device("h1/new")
    queen.await_state("h1/new")
    flood(2 * MAX, {"status": "idle"})
    old.beat()
    assert queen.worker("h1/new")["state"] == queen.worker("h1/old")["state"] == "online"
    health = queen.ask("/health")[1]
    assert health["status"] == "warn"
    assert queen.check("workers:largest_hive") == "evil"
    assert queen.check("workers:evicted") > 0 and queen.check("workers:refused") > 0
    assert queen.said().count("no room for more workers") == 1

    skep = Skep(queen.url)
    refused = skep("forget", "hive/evil", "--workers")
    assert refused.returncode != 0 and "--force" in refused.stderr
    assert skep("forget", "hive/evil", "--workers", "--force").returncode == 0
    await_that(lambda: queen.ask("/v1/workers?limit=1")[1]["total"] == 2, "only the real ones")


def test_a_document_that_cannot_be_kept_is_not_shown_as_fresh(broker, root, started, device, flood):
    queen = started(Queen, broker, root, "--max-state", "1MiB")
    real = device("h1/w1", queue_depth=0)
    queen.await_state("h1/w1")
    flood(150, {"status": "idle", "x": "a" * 16000})
    assert queen.check("documents:refused") > 0
    news = {"status": "error", "queue_depth": 500, "model_loaded": "another one"}
    real.beat(**news)
    await_that(lambda: (queen.worker("h1/w1")["heartbeat"] or {}).get("status") == "error", "what it says now")
    assert queen.workers("status=idle&hive=h1") == []
    assert queen.check("documents:largest_hive") == "evil"
    last = queen.worker("evil/f149")
    assert (last["heartbeat"], last["flags"], last["state"]) == (None, ["document_dropped"], "online")
    shown = Skep(queen.url)("ps", "--hive", "evil", "-o", "wide")
    assert shown.returncode == 0, shown.stderr
    assert "document_dropped" in shown.stdout
