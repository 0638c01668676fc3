"""A device of another system on the broker: its own client, topics and will; it knows nothing of Skep."""

import collections
import threading

import paho.mqtt.client as mqtt

LIMIT_S = 30

# What it publishes, on topics with {} for its name. `stored`: the broker keeps its word and its will.
Habits = collections.namedtuple("Habits", "preset source topic online offline beat payload qos stored")

RECORDED = [
    Habits("tasmota", "arendst/Tasmota 14 xdrv_02_9_mqtt.ino (MqttConnected, MqttReconnect), log of tele/+/STATE of 2024-02-24",
           "tele/{}/LWT", "Online", "Offline", "tele/{}/STATE",
           '{"Time":"2024-02-24T22:20:38","Uptime":"0T00:10:11","UptimeSec":611,"Heap":24,"SleepMode":"Dynamic","Sleep":50,'
           '"LoadAvg":19,"MqttCount":1,"POWER":"OFF","Wifi":{"AP":1,"SSId":"ESP-Network","Channel":3,"RSSI":44}}', 1, True),
    Habits("zigbee2mqtt", "Koenkk/zigbee2mqtt 2.x lib/extension/availability.ts (publishAvailability)",
           "zigbee2mqtt/{}/availability", '{"state":"online"}', '{"state":"offline"}', "zigbee2mqtt/{}",
           '{"battery":97,"humidity":44.72,"linkquality":120,"temperature":27.34}', 1, True),
    Habits("zigbee2mqtt", "Koenkk/zigbee2mqtt 1.x with legacy_availability_payload, its default then",
           "zigbee2mqtt/{}/availability", "online", "offline", "zigbee2mqtt/{}", '{"state":"ON","brightness":215}', 1, True),
    Habits("esphome", "esphome/esphome 2025 components/mqtt/__init__.py (validate_config)",
           "{}/status", "online", "offline", "{}/sensor/temperature/state", "21.5", 0, True),
    Habits("homie", "homieiot/convention 3.0 and 4.0, Device Lifecycle",
           "homie/{}/$state", "ready", "lost", "homie/{}/engine/temperature", "21.5", 1, True),
    Habits("shelly", "Shelly gen2 API 1.0, components MQTT and Notifications; will observed with firmware 1.0",
           "{}/online", "true", "false", "{}/events/rpc",
           '{"src":"shellyplus1-a8032ab12345","dst":"shellyplus1-a8032ab12345/events","method":"NotifyStatus",'
           '"params":{"ts":1631186545.04,"switch:0":{"id":0,"output":true,"source":"button"}}}', 0, True),
    Habits("shelly-gen1", "Shelly gen1 API, MQTT Support: Availability and announces (1.8.0); nothing is stored by default",
           "shellies/{}/online", "true", "false", "shellies/{}/relay/0", "on", 0, False),
]


class Foreign:
    def __init__(self, port, name, habits):
        self.name, self.habits = name, habits
        self.port, self.client, self.connected = port, None, False

    def publish(self, topic, payload, stored=False):
        self.client.publish(topic.format(self.name), payload, qos=self.habits.qos, retain=stored).wait_for_publish(LIMIT_S)

    def connect(self, will=None):
        """Its will is its offline word, or one of its own (topic, payload)."""
        topic, payload = will or (self.habits.topic.format(self.name), self.habits.offline)
        connected = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda *_: connected.set()
        self.client.will_set(topic, payload, qos=self.habits.qos, retain=self.habits.stored)
        self.client.connect("127.0.0.1", self.port, keepalive=15)
        self.client.loop_start()
        assert connected.wait(LIMIT_S), "no connection to the broker"
        self.connected = True

    def say(self, word):
        self.publish(self.habits.topic, word, self.habits.stored)

    def come(self):
        self.connect()
        self.say(self.habits.online)

    def beat(self):
        self.publish(self.habits.beat, self.habits.payload)

    def die(self):
        """Breaks the connection, so that the broker publishes the will."""
        self.client.loop_stop()
        self.client.socket().close()
        self.connected = False

    def end(self):
        """Nothing of it stays on the broker, which others use."""
        if not self.connected:
            self.connect()
        self.publish(self.habits.topic, "", True)
        self.client.disconnect()
        self.client.loop_stop()
