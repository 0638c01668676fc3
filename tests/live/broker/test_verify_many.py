"""Many suspects at once: verifications have a budget, who asks goes first, hives take turns, and the queen goes on
listening. R6."""

import json
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

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


def test_a_hive_that_floods_does_not_hold_up_another(broker, root, queen, started, agent):
    """Its workers hang, its user asks for lists of the verified, for which nobody needs a token, and floods the queen with
    requests. Another hive's worker is verified by hand at once: of the flood no more than a second's budget is asked
    meanwhile, where hundreds wait."""
    agent("h1/good")
    queen.await_state("h1/good")
    crowd = started(Crowd, broker.port, root, SUSPECTS)
    crowd.come()
    queen.await_all(f"crowd/{name}" for name in crowd.names)
    crowd.hang()
    lists = [threading.Thread(target=queen.ask, args=("/v1/workers?hive=crowd&verified=true&limit=1000",), daemon=True)
             for _ in range(10)]
    for each in lists:
        each.start()
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = f"{root}-rpc/reply/crowd"
    for name in crowd.names * 10:
        crowd.client.publish(f"{root}-rpc/queen/queen/worker.verify",
                             json.dumps({"worker_id": name, "hive_id": "crowd"}), qos=0, properties=properties)
    await_that(lambda: len(crowd.asked) >= BURST, "the first requests")

    for _ in range(5):
        before = len(crowd.asked)
        status, answer = queen.ask("/v1/hives/h1/workers/good/verify", "POST", "")
        assert status == 200 and answer["result"] == "ok", answer
        assert len(crowd.asked) - before <= PER_SECOND + SLACK
    for each in lists:
        each.join()
