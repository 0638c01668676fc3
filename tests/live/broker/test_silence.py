"""A worker that is silent while its connection stands. R5."""

import signal
from datetime import datetime

import pytest


def milliseconds_late(evidence):
    due, seen = (datetime.fromisoformat(evidence[key].replace("Z", "+00:00")) for key in ("due_at", "seen_at"))
    return (seen - due).total_seconds() * 1000


def test_silence_is_suspect_and_then_stale(root, queen, listener, agent):
    topic = f"{root}/queen/queen/verdict/h1/w1"
    stopped = agent("h1/w1", "--interval", "1s", "--keep-alive", "60s")
    queen.await_state("h1/w1")
    stopped.send(signal.SIGSTOP)
    suspect, _ = listener.await_document(topic, state="suspect")
    stale, _ = listener.await_document(topic, state="stale")
    since = len(listener.messages)
    stopped.send(signal.SIGCONT)
    back, _ = listener.await_document(topic, since, state="online")

    for verdict, limit_ms in (suspect, 2200), (stale, 3000):
        assert verdict["cause"] == "missed_heartbeats"
        assert verdict["evidence"]["path"] == "silence"
        assert verdict["evidence"]["last_seen_ms_ago"] >= limit_ms
        assert milliseconds_late(verdict["evidence"]) >= 0
    assert back["cause"] == "heartbeat"
    assert [e["state"] for e in queen.events("h1/w1")] == ["online", "suspect", "stale", "online"]
    ids = [e["event_id"] for e in queen.events("h1/w1")]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("why, path", [("a sender without a session", "mqtt"), ("a sender over HTTP", "http")])
def test_silence_of_those_without_a_will(queen, device, why, path):
    fields = {"status": "idle", "interval_ms": 1000}
    if path == "mqtt":
        device("h1/w1", **fields)
    else:
        assert queen.post({"worker_id": "w1", "hive_id": "h1", **fields})[0] == 202
    evidence = queen.await_state("h1/w1", "stale")["evidence"]
    assert (evidence["path"], evidence["result"]) == ("silence", "silent"), why
    assert evidence["last_seen_ms_ago"] >= 3000, why
    assert [(e["state"], e["cause"]) for e in queen.events("h1/w1")] == [
        ("online", "heartbeat"), ("suspect", "missed_heartbeats"), ("stale", "missed_heartbeats")], why
