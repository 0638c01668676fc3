"""An independent client that writes down what it hears, and when."""

import collections
import json
import threading
import time

import paho.mqtt.client as mqtt

from fleet import LIMIT_S

Message = collections.namedtuple("Message", "topic payload retain at")


class Listener:
    def __init__(self, port, *filters):
        self.messages = []
        self.news = threading.Condition()
        subscribed = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv5)
        self.client.on_message = self.on_message
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_connect = lambda client, *_: client.subscribe([(f, 1) for f in filters])
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(LIMIT_S), "no subscription at the broker"

    def on_message(self, _client, _user, message):
        at = time.monotonic()
        with self.news:
            self.messages.append(Message(message.topic, message.payload, message.retain, at))
            self.news.notify_all()

    def find(self, wanted, since=0):
        return next((m for m in self.messages[since:] if wanted(m)), None)

    def await_message(self, wanted, what, since=0):
        """The first one after `since` (a count of messages) that is `wanted`."""
        with self.news:
            found = self.news.wait_for(lambda: self.find(wanted, since), LIMIT_S)
        assert found, f"not heard within {LIMIT_S} s: {what}"
        return found

    def await_document(self, topic, since=0, **fields):
        """The first one on a topic whose document has these fields: the document, and when it was heard."""
        def is_wanted(message):
            return message.topic == topic and message.payload and fields.items() <= json.loads(message.payload).items()
        found = self.await_message(is_wanted, f"{topic} {fields}", since)
        return json.loads(found.payload), found.at

    def documents(self, topic_end, worker=None):
        """What was heard on topics that end so; of one worker, or all."""
        documents = [json.loads(m.payload) for m in list(self.messages) if m.topic.endswith(topic_end) and m.payload]
        return [d for d in documents if worker is None or d.get("worker_id") == worker]

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()
