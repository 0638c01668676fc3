"""What a hive stores at the broker hides nobody else's workers from a queen that starts, with and without limits of the
broker on what may wait for one subscriber."""

import json
import pathlib

import pytest

from device import Device
from fleet import LIMIT_S, Broker, Queen, await_that

SECURE = pathlib.Path(__file__).parents[3] / "broker-config" / "secure.conf"
LARGE = {"status": "idle", "labels": {f"k{i}": "v" * 240 for i in range(16)}, "more": ["y" * 100] * 110}
WORKERS = 300


def limits_of_secure_conf():
    return [line for line in SECURE.read_text(encoding="ascii").splitlines()
            if line.startswith(("max_queued", "max_inflight", "memory_limit", "message_size_limit"))]


def store(client, root, hive, count, document):
    """`count` workers of the hive, with a heartbeat and a presence each, as large as the document."""
    text = json.dumps(document)
    presence = json.dumps({**document, "presence": "online"})
    for i in range(count):
        client.publish(f"{root}/hive/{hive}/worker/w{i}/heartbeat", text, qos=0, retain=True)
        client.publish(f"{root}/hive/{hive}/worker/w{i}/presence", presence, qos=0, retain=True)
    client.publish(f"{root}/stored", "{}", qos=1).wait_for_publish(3 * LIMIT_S)


@pytest.fixture
def fleet(tmp_path, started):
    """fleet(large, *lines): a queen that starts at a broker with these lines, where `evil` has stored much and h1 after it
    a little; and a client."""
    brokers = []

    def make(large, *lines):
        brokers.append(Broker(tmp_path, *lines))
        device = started(Device, brokers[-1].port, "skep/v1", "h1/device")
        store(device.client, "skep/v1", "evil", large, LARGE)
        store(device.client, "skep/v1", "h1", WORKERS, {"status": "idle"})
        return brokers[-1], started(Queen, brokers[-1], "skep/v1"), device

    yield make
    for broker in brokers:
        broker.end()


def test_a_limit_makes_no_queen_blind(fleet):
    """What the limit cut off is missing, but nothing that comes later."""
    _, queen, device = fleet(1000, "max_queued_messages 1000000", "max_queued_bytes 8000000")
    await_that(lambda: queen.ask("/health")[0] == 200, "a live view")
    device.beat()
    store(device.client, "skep/v1", "h1", WORKERS, {"status": "idle"})
    queen.await_all(["h1/device", *(f"h1/w{i}" for i in range(WORKERS))])


def test_the_default_limit_is_no_secret(fleet):
    """All are known, or health is `warn` with how many were read and how many are stored."""
    large = 1000
    _, queen, _ = fleet(large, "max_queued_messages 1000", "sys_interval 1")

    def concluded():
        document = queen.ask("/health")[1]
        if document["status"] == "pass":
            assert queen.ask("/v1/workers?limit=1")[1]["total"] >= large + WORKERS, "pass with fewer"
            return True
        read, stored = (document["checks"][f"snapshot:{name}"][0]["observedValue"] for name in ("read", "stored"))
        return stored > read and stored >= large + WORKERS

    await_that(concluded, "a conclusion")


def test_secure_conf_hides_nobody(fleet):
    broker, queen, _ = fleet(4500, *limits_of_secure_conf())  # 71 MB of heartbeats, and as much of presences
    await_that(lambda: queen.ask("/health")[0] == 200, "a live view")
    workers = queen.ask("/v1/workers?hive=h1&limit=1000")[1]["workers"]
    assert len([w for w in workers if w["heartbeat"]]) == WORKERS
    broker.end()
    broker.start_again()


def test_secure_conf_sets_no_limit_that_harms():
    """mosquitto 2.0.11 drops stored messages without a word (max_queued_bytes), or ends (memory_limit)."""
    assert [line.split()[0] for line in limits_of_secure_conf()] == ["max_queued_messages"]
