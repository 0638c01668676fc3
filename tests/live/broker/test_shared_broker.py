"""Other programs use the same broker, and are nobody's business."""

import pytest

from device import Device
from fleet import LIMIT_S, Agent, Queen

FLOOD = 5000
FOREIGN = ["{root}-more/hive/h1/worker/w1/heartbeat", "{other}/hive/h1/worker/w1/presence", "home/kitchen/temperature",
           "{root}/other/tool", "{root}", "{root}-rpc/hive/h1/worker/w1/fly"]


@pytest.fixture
def stranger(broker, root, started):
    """5,000 retained messages of another program, that look like ours but for their root."""
    stranger = started(Device, broker.port, f"other-{root}", "h1/stranger")
    for i in range(FLOOD):
        last = stranger.client.publish(f"other-{root}/hive/h{i % 50}/worker/w{i}/heartbeat", '{"status":"idle"}', qos=1,
                                       retain=True)
    last.wait_for_publish(LIMIT_S)
    return stranger


def test_a_flood_below_another_root(broker, root, stranger, started, agent):
    agent("h1/before")
    queen = started(Queen, broker, root)
    agent("h1/after")
    queen.await_all(["h1/after"])
    for topic in FOREIGN:
        for payload in ('{"status":"idle"}', "21.5", ""):
            stranger.client.publish(topic.format(root=root, other=f"other-{root}"), payload, qos=1, retain=True)
    for i in range(FLOOD):
        stranger.client.publish(f"other-{root}/hive/h1/worker/w{i}/heartbeat", "", qos=1, retain=True)
    stranger.publish("presence", "")
    assert {w["worker_id"] for w in queen.workers()} == {"before", "after"}
    checks = queen.ask("/health")[1]["checks"]
    assert [name for name in checks if name.startswith(("messages:rejected", "messages:ignored"))] == []
    assert queen.check("workers:total") == 2
    assert queen.ask("/health")[1]["status"] == "pass"


def test_the_brokers_own_topics_are_no_workers(broker, root, queen, agent):
    agent("h1/w1")
    queen.await_state("h1/w1")
    watcher = Device(broker.port, root, "h1/watcher")
    watcher.client.subscribe("$SYS/#")
    try:
        assert [w["worker_id"] for w in queen.workers()] == ["w1"]
        assert queen.check("messages:rejected:wrong_topic") == 0
    finally:
        watcher.end()


def test_two_fleets_with_the_same_names(broker, root, queen, started, agent):
    """Below roots of their own they do not end each other's sessions."""
    other = f"{root}/other"
    queens = [queen, started(Queen, broker, other)]
    agent("h1/w1", "--interval", "1s")
    started(Agent, broker, other, "h1/w1", "--interval", "1s", "--simulate")
    for one in queens:
        one.await_state("h1/w1")
        one.await_heartbeat("h1/w1", lambda beat: beat["seq"] >= 1)
    for one in queens:
        assert one.worker("h1/w1")["connection"] == 1
        assert [event.get("fleet") or event["state"] for event in one.events()] == ["live", "online"]
