"""What the queen publishes and the broker does not take: she says so."""

import pytest

from fleet import Broker, Program, Queen, await_that
from listener import Listener

ROOT = "lab/v1"
EVENTS = f"{ROOT}/queen/queen/event"


class RefusedQueen(Queen):
    """mosquitto 2.0 closes a connection soon after it refused a message: there is no snapshot to wait for."""

    def start(self):
        Program.start(self, "--http", "127.0.0.1:0")


@pytest.fixture
def own_broker(tmp_path):
    acl, folder = tmp_path / "acl", tmp_path / "broker"
    folder.mkdir()
    brokers = []

    def start(rules):
        acl.write_text(rules, encoding="ascii")
        brokers.append(Broker(folder, f"acl_file {acl}"))
        return brokers[0]
    yield start
    for broker in brokers:
        broker.end()


def test_a_queen_says_which_messages_the_broker_refused(own_broker, started):
    queen = started(RefusedQueen, own_broker(f"topic deny {EVENTS}\ntopic readwrite #\n"), ROOT)
    line = await_that(lambda: next((line for line in queen.said().splitlines() if "refused a message" in line), None),
                      "the complaint")
    assert f"topic={EVENTS} reason=0x87" in line and "broker-config/README.md" in line


def test_a_broker_without_qos_1_is_named_once_and_tried_again(tmp_path, started):
    broker = Broker(tmp_path, "max_qos 0")
    log = tmp_path / "mosquitto.log"
    try:
        queen = started(RefusedQueen, broker, ROOT)
        await_that(lambda: log.read_text(encoding="utf-8").count("New client connected") >= 3, "two more attempts")
        assert queen.said().count("QoS not supported") == 1
    finally:
        broker.end()


def test_changes_wait_for_the_broker(own_broker, started):
    """What the broker cannot take is owed: nothing is dropped, and each worker's verdict is published when it is back."""
    broker = own_broker("topic readwrite #\n")
    queen = started(Queen, broker, ROOT)
    broker.end()
    for i in range(1100):
        assert queen.post({"worker_id": f"w{i}", "status": "idle"})[0] < 300
    broker.start_again()
    listener = started(Listener, broker.port, f"{ROOT}/queen/queen/verdict/#")
    await_that(lambda: len({m.topic for m in list(listener.messages)}) == 1100, "the verdicts")
    assert "dropping the oldest" not in queen.said()
