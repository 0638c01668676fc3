"""A worker with a session that says that it answers requests: how it answers `verify` is up to the test."""

import json
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device import LIMIT_S, Device

SESSION = "00000000000000aa"


class Askable(Device):
    def __init__(self, port, root, name, work=None, subscribes=True):
        """`work` is its answer; None: it never answers."""
        self.work, self.requests = work, 0
        super().__init__(port, root, name)
        if subscribes:
            self.subscribe(f"{root}-rpc/hive/{self.hive}/worker/{self.worker}/verify")
        self.publish("presence", json.dumps({"presence": "online", "session": SESSION, "connection": 1, "rpc": True}))
        self.beat()

    def subscribe(self, topic):
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self.on_request
        self.client.subscribe(topic, options=mqtt.SubscribeOptions(qos=1))
        assert subscribed.wait(LIMIT_S), "no subscription at the broker"

    def on_request(self, client, _user, message):
        self.requests += 1
        if not self.work:
            return
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = message.properties.CorrelationData
        answer = {"result": {"nonce": json.loads(message.payload)["nonce"], "work": self.work}}
        client.publish(message.properties.ResponseTopic, json.dumps(answer), 1, False, properties)

    def beat(self, **fields):
        super().beat(session=SESSION, connection=1, **fields)

    def witness_end(self):
        """What its hive tells when it has seen the process end."""
        self.publish("witness", json.dumps({"state": "exited", "session": SESSION, "last_exit": {
            "code": 1, "session": SESSION, "asked_for": False}}))
