"""One hive changes without end, or all at once: what becomes of the others' news, and of its own."""

import json
import threading

import paho.mqtt.client as mqtt
import pytest

from fleet import LIMIT_S, Queen, await_that

FLAPS = 2000
FLEET = 3000


class Speaker:
    """Says of any worker what it is told to, and hears the queen's events."""

    def __init__(self, broker, root):
        self.root, self.events, self.verdicts = root, [], {}
        subscribed = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv5)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self.take
        self.client.max_inflight_messages_set(100)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        self.client.subscribe([(f"{root}/queen/queen/event", 0), (f"{root}/queen/queen/verdict/+/+", 0)])
        assert subscribed.wait(LIMIT_S)

    def take(self, _client, _user, message):
        document = json.loads(message.payload)
        if message.topic.endswith("/event"):
            self.events.append(document)
        else:
            self.verdicts[f"{document['hive_id']}/{document['worker_id']}"] = document

    def publish(self, name, session, **presence):
        hive, worker = name.split("/")
        text = json.dumps({"session": f"{session:016x}", "connection": 1, **presence})
        return self.client.publish(f"{self.root}/hive/{hive}/worker/{worker}/presence", text, qos=1)

    def birth(self, name, session=1):
        return self.publish(name, session, presence="online")

    def crash(self, name, session=1):
        return self.publish(name, session, presence="stale", cause="process_exited", exit={"code": 1})

    def of(self, hive, state):
        return [e for e in self.events if e.get("hive_id") == hive and e.get("state") == state]

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def speaker(broker, root, started):
    return started(Speaker, broker, root)


def test_one_that_flaps_crowds_out_nobody(broker, root, started, speaker):
    out = broker.folder / f"flood-{root.partition('/')[0]}"
    queen = started(Queen, broker, root, "--on-event", f"cat >> '{out}'")
    speaker.birth("h1/w1")
    queen.await_state("h1/w1")
    for session in range(1, FLAPS + 1):
        speaker.birth("evil/x", session)
        speaker.crash("evil/x", session)
        if session == FLAPS // 2:
            speaker.crash("h1/w1")
    speaker.birth("evil/x", FLAPS + 1).wait_for_publish(LIMIT_S)
    await_that(lambda: (speaker.verdicts.get("evil/x") or {}).get("changes", 0) > 1, "what is summed up")
    await_that(lambda: speaker.verdicts["evil/x"]["state"] == "online", "the last word on who flaps")
    assert queen.worker("evil/x")["state"] == "online" and "flapping" in queen.worker("evil/x")["flags"]
    assert len(speaker.of("h1", "stale")) == 1 and len(queen.events("h1/w1")) == 2
    await_that(lambda: '"hive_id":"h1","state":"stale"' in out.read_text(encoding="utf-8"), "the death at the command")
    assert len(queen.events("evil/x")) < FLAPS / 10
    assert queen.said().count("evil/x") < FLAPS / 10


def test_a_mass_death_is_announced_completely(broker, root, started, speaker):
    queen = started(Queen, broker, root)
    names = [f"h1/w{i}" for i in range(FLEET)]
    for name in names:
        speaker.birth(name)
    queen.await_all(names)
    for name in names:
        speaker.crash(name)
    await_that(lambda: len(speaker.of("h1", "stale")) >= FLEET, "an event for each death")
    assert {e["worker_id"] for e in speaker.of("h1", "stale")} == {name.partition("/")[2] for name in names}
    assert len(speaker.of("h1", "stale")) == FLEET
    await_that(lambda: all(speaker.verdicts[name]["state"] == "stale" for name in names), "all verdicts")
    ids = [e["event_id"] for e in speaker.events]
    assert ids == list(range(ids[0], ids[0] + len(ids))), "without a gap"
    assert queen.said().count("h1/w") < FLEET, "the log has some of them"
