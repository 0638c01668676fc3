"""Many suspects at once: verifications have a budget, who asks goes first, and the queen goes on listening. R6."""

import json
import threading
import time

import paho.mqtt.client as mqtt

from conftest import LONG
from fleet import LIMIT_S, await_that

SUSPECTS, URGENT = 1000 if LONG else 300, 5
PER_SECOND, BURST = 50, 50  # semantics.md
SLACK = 50                  # requests that a machine with much to do may hand over late
SESSION = "00000000000000aa"


class Crowd:
    """Workers behind one connection: they subscribe to their requests, and never answer."""

    def __init__(self, port, root, count):
        self.root, self.names = root, [f"w{i}" for i in range(count)]
        self.asked = []  # (name, when)
        subscribed = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv5)
        self.client.max_inflight_messages_set(0)
        self.client.on_message = self.on_request
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.subscribe(f"{root}-rpc/hive/crowd/worker/+/verify", options=mqtt.SubscribeOptions(qos=1))
        self.client.loop_start()
        assert subscribed.wait(LIMIT_S)

    def on_request(self, _client, _user, message):
        self.asked.append((message.topic.split("/")[-2], time.monotonic()))

    def publish(self, leaf, **fields):
        document = json.dumps({"session": SESSION, "connection": 1, **fields})
        for name in self.names:
            self.client.publish(f"{self.root}/hive/crowd/worker/{name}/{leaf}", document, qos=1, retain=True)

    def come(self):
        self.publish("presence", presence="online", rpc=True)
        self.publish("heartbeat", status="busy", seq=0)

    def hang(self):
        """Every one beats, and says that its work is stalled."""
        self.publish("heartbeat", status="busy", seq=1, inflight=1, stalled_ms=60000)

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


def most_within(times, span):
    """The most of them within any `span` seconds."""
    return max(sum(start <= at < start + span for at in times) for start in times)


def ask_for(queen, names):
    for name in names:
        threading.Thread(target=queen.ask, args=(f"/v1/hives/crowd/workers/{name}/verify", "POST", ""), daemon=True).start()


def test_a_crowd_that_does_not_answer(broker, root, queen, started, agent):
    agent("h1/beating", "--interval", "200ms")
    queen.await_state("h1/beating")
    crowd = started(Crowd, broker.port, root, SUSPECTS)
    crowd.come()
    queen.await_all(f"crowd/{name}" for name in crowd.names)
    seq = queen.worker("h1/beating")["heartbeat"]["seq"]

    crowd.hang()
    await_that(lambda: len(crowd.asked) >= BURST, "the first requests")
    urgent = [name for name in crowd.names if name not in {asked for asked, _ in crowd.asked}][-URGENT:]
    waiting_then = SUSPECTS - len(crowd.asked)
    ask_for(queen, urgent)

    ages = []

    def all_were_asked():
        beating = queen.worker("h1/beating")
        ages.append(beating["last_seen_ms_ago"])
        assert beating["state"] == "online"
        return {name for name, _ in crowd.asked} == set(crowd.names)
    await_that(all_were_asked, "a request to each of them")

    times = [at for _, at in crowd.asked]
    assert len(times) == SUSPECTS  # once each
    assert most_within(times, 1) <= BURST + PER_SECOND + SLACK
    assert times[-1] - times[0] >= (SUSPECTS - BURST) / PER_SECOND * 0.8
    places = [place for place, (name, _) in enumerate(crowd.asked) if name in urgent]
    assert SUSPECTS - 1 - places[-1] >= waiting_then / 2, places  # they overtook at least that many
    assert max(ages) < 5000  # ms; it beats every 200
    assert queen.worker("h1/beating")["heartbeat"]["seq"] >= seq + 10
    queen.await_all((f"crowd/{name}" for name in crowd.names), "zombie")  # it beats, and its work loop does not answer
