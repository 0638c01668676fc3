"""paho as a user of the broker, independent of our own code."""

import ssl
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deployment import HOST, LIMIT_S, await_that


class Client:
    def __init__(self, deployment, user, client_id=None, will=None):
        self.user = user
        self.received = []  # (topic, payload)
        self.granted = {}
        self.connected = threading.Event()
        self.paho = mqtt.Client(client_id or f"test-{user}-{id(self)}", protocol=mqtt.MQTTv5)
        self.paho.tls_set(str(deployment.folder / "ca.crt"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.paho.username_pw_set(user, deployment.password_file(user).read_text(encoding="ascii").strip())
        if will:
            self.paho.will_set(*will, qos=1)
        self.paho.on_connect = self.on_connect
        self.paho.on_subscribe = self.on_subscribe
        self.paho.on_message = lambda _client, _user, m: self.received.append((m.topic, m.payload.decode()))
        self.paho.connect(HOST, deployment.ports[0], keepalive=60)
        self.paho.loop_start()
        assert self.connected.wait(LIMIT_S), f"{user} cannot log in"
        self.alive = True

    def on_connect(self, _client, _user, _flags, reason, _properties=None):
        if reason == 0:
            self.connected.set()

    def on_subscribe(self, _client, _user, packet_id, _reasons, _properties=None):
        self.granted[packet_id] = True

    def subscribe(self, *topics):
        result, packet_id = self.paho.subscribe([(topic, mqtt.SubscribeOptions(qos=1)) for topic in topics])
        assert result == mqtt.MQTT_ERR_SUCCESS
        await_that(lambda: packet_id in self.granted, "SUBACK")

    def publish(self, topic, payload, response_topic=None):
        """Until the broker has acknowledged, which it also does to what it drops."""
        properties = Properties(PacketTypes.PUBLISH)
        if response_topic:
            properties.ResponseTopic = response_topic
            properties.CorrelationData = payload.encode()
            payload = ""
        info = self.paho.publish(topic, payload, qos=1, properties=properties)
        await_that(info.is_published, "PUBACK")

    def has(self, payload):
        return any(text == payload for _, text in self.received)

    def topics_of(self, payload):
        return [topic for topic, text in self.received if text == payload]

    def die(self):
        """Without DISCONNECT."""
        self.paho.loop_stop()
        self.paho.socket().close()
        self.alive = False

    def leave(self):
        if self.alive:
            self.paho.disconnect()
            self.paho.loop_stop()
