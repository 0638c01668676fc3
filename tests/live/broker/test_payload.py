"""The original contract: the seven fields arrive as they were sent, by whatever way."""

import json
import subprocess

from fleet import LIMIT_S, Queen

TEXT = ('{"worker_id":"worker-123","status":"idle","gpu_utilization":0.45,"model_loaded":"meta-llama/Llama-3-8b",'
        '"queue_depth":0,"last_inference_ms":1234,"timestamp":"2025-10-23T20:00:00Z"}')
PAYLOAD = json.loads(TEXT)


def publish(broker, topic, *arguments):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", topic, *arguments], check=True,
                   timeout=LIMIT_S)


def test_seven_fields_over_mqtt(broker, started):
    queen = started(Queen, broker, "skep/v1")
    publish(broker, "skep/v1/hive/default/worker/worker-123/heartbeat", "-m", TEXT)
    assert queen.await_state("default/worker-123")["heartbeat"] == PAYLOAD
    status, worker = queen.ask("/v1/workers/worker-123")
    assert status == 200
    assert worker["heartbeat"] == PAYLOAD
    assert (worker["hive_id"], worker["state"], worker["cause"]) == ("default", "online", "heartbeat")
    assert worker["clock_skew_ms"] < 0 and worker["session"] is None


def test_seven_fields_retained_are_read_later(broker, root, started):
    publish(broker, f"{root}/hive/default/worker/worker-123/heartbeat", "-r", "-q", "1", "-m", TEXT)
    queen = started(Queen, broker, root)
    worker = queen.await_state("default/worker-123", "unverified")
    assert (worker["heartbeat"], worker["cause"]) == (PAYLOAD, "restored")


def test_seven_fields_over_http(queen):
    assert queen.post(PAYLOAD)[0] == 202
    worker = queen.ask("/v1/workers/worker-123")[1]
    assert worker["heartbeat"] == PAYLOAD
    assert (worker["hive_id"], worker["state"], worker["evidence"]["path"]) == ("default", "online", "http")


def test_a_bare_device(broker, root, queen):
    publish(broker, f"{root}/hive/yard/worker/pump/heartbeat", "-m", '{"status":"idle"}')
    worker = queen.await_state("yard/pump")
    assert (worker["heartbeat"], worker["session"], worker["connection"]) == ({"status": "idle"}, None, None)
