"""A bare worker: its own connection, a will, heartbeats by hand. No session, as a small device has it."""

import json
import threading

import paho.mqtt.client as mqtt

LIMIT_S = 30


class Device:
    def __init__(self, port, root, name):
        self.hive, self.worker = name.split("/")
        self.topic = f"{root}/hive/{self.hive}/worker/{self.worker}"
        self.connected = True
        connected = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda *_: connected.set()
        self.client.will_set(f"{self.topic}/presence", self.presence("stale", "connection_lost"), qos=1, retain=True)
        self.client.connect("127.0.0.1", port, keepalive=60)
        self.client.loop_start()
        assert connected.wait(LIMIT_S), "no connection to the broker"

    def presence(self, presence, cause):
        return json.dumps({"worker_id": self.worker, "hive_id": self.hive, "presence": presence, "cause": cause})

    def publish(self, leaf, payload):
        self.client.publish(f"{self.topic}/{leaf}", payload, qos=1, retain=True).wait_for_publish(LIMIT_S)

    def beat(self, **fields):
        self.publish("heartbeat", json.dumps({"status": "idle", **fields}))

    def leave(self):
        self.publish("presence", self.presence("offline", "goodbye"))

    def crash(self):
        """Breaks the connection, so that the broker publishes the will."""
        self.client.loop_stop()
        self.client.socket().close()
        self.connected = False

    def end(self):
        if self.connected:
            self.client.disconnect()
            self.client.loop_stop()
