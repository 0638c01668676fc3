#!/usr/bin/python3
"""A worker that Skep watches: `worker.py --port 1883 --id w1`. Written from protocol.md; "step n" is a step of its list."""
import argparse, json, math, os, random, re, secrets, signal, socket, time
from datetime import datetime, timezone
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

VERSION, KEEP_S, NEVER = "1.0.0", 3600, math.inf       # KEEP_S: what we publish outlives us by this much, at least
now, ID = time.monotonic, re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def props(packet=PacketTypes.PUBLISH, **more):
    p = Properties(packet)
    for name, value in dict(more, ContentType="application/json", PayloadFormatIndicator=1).items():
        setattr(p, name, value)
    return p


def parse(payload):                                    # a JSON object, or None
    try:
        doc = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return doc if isinstance(doc, dict) else None


class Worker:
    def __init__(self, port, worker, hive="default", root="skep/v1", interval=1.0, status="idle"):
        self.port, self.worker, self.hive, self.interval, self.status, self.model = port, worker, hive, interval, status, None
        self.base, self.rpc = f"{root}/hive/{hive}/worker/{worker}", f"{root}-rpc"
        self.requests, self.verdicts = f"{self.rpc}/hive/{hive}/worker/{worker}/", f"{root}/queen/+/verdict/{hive}/{worker}"
        self.session, self.connection, self.seq = f"{secrets.randbits(64) or 1:016x}", 0, 0
        self.client_id = f"skep:w:{hive}:{worker}:{secrets.randbits(32):08x}"
        self.born = self.hurried = -NEVER                           # when we last sent a birth; a heartbeat for a verdict
        self.leaving = False

    def common(self):
        return {"worker_id": self.worker, "hive_id": self.hive, "session": self.session, "connection": self.connection,
                "interval_ms": round(self.interval * 1000), "pid": os.getpid(), "host": socket.gethostname(), "version": VERSION,
                "timestamp": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")}

    def presence(self, presence, cause=None, **more):
        return json.dumps({**self.common(), "presence": presence, "cause": cause, "rpc": True, "exit": None, **more})

    def publish_presence(self, *what, expiry={}, **more):
        return self.client.publish(self.base + "/presence", self.presence(*what, **more), 1, True, props(**expiry))

    def birth(self):                                   # expires, unlike a death, so it is published again at half of that
        self.born, self.birth_due = now(), now() + KEEP_S / 2
        self.publish_presence("online", expiry={"MessageExpiryInterval": KEEP_S}, retain_s=KEEP_S)

    def heartbeat(self, spread=(0.95, 1.05)):
        retain_s = max(KEEP_S, math.ceil(4 * self.interval))
        doc = {**self.common(), "status": self.status, "model_loaded": self.model, "seq": self.seq, "retain_s": retain_s}
        self.client.publish(self.base + "/heartbeat", json.dumps(doc), 1, True, props(MessageExpiryInterval=retain_s))
        self.seq += 1
        self.beat_due = now() + self.interval * random.uniform(*spread)
        return doc["seq"]

    def change(self, **what):                          # for the work loop: change(status="busy", model="…"); 50 ms merges several
        self.__dict__.update(what)
        self.beat_due = min(self.beat_due, now() + 0.05)

    def on_connect(self, client, _userdata, _flags, reason, _props):
        if reason != 0:
            return                                     # refused: loop() says so too
        self.up_since = now()
        options = SubscribeOptions(qos=1, retainHandling=0)        # No Local stays off: the echo of our own birth is wanted
        client.subscribe([(topic, options) for topic in (self.base + "/presence", self.requests + "+", self.verdicts)])
        self.birth()                                   # all in one go: we are subscribed before anybody reads "online"
        self.heartbeat(spread=(0.5, 1))

    def on_message(self, _client, _userdata, msg):
        if self.leaving:
            return                                     # nothing may follow the goodbye
        if msg.topic.startswith(self.requests):
            self.on_request(msg)
        elif msg.topic == self.base + "/presence":
            self.on_presence(parse(msg.payload) if msg.payload else {"presence": "offline"}, msg.retain)   # empty: a death of nobody
        else:
            self.on_verdict(parse(msg.payload) or {})

    def on_presence(self, doc, stored):                # step 5
        doc = doc or {}
        session, ours = doc.get("session"), (doc.get("session"), doc.get("connection")) == (self.session, self.connection)
        if doc.get("presence") in ("stale", "offline") and not ours:
            self.birth_due = max(now(), self.born + 1)
        elif doc.get("presence") == "online" and ours:
            self.birth_due = self.born + KEEP_S / 2    # our birth came after that death: the topic is right again
        elif doc.get("presence") == "online" and isinstance(session, str) and session != self.session and not stored:
            print(f"another process uses the id {self.hive}/{self.worker}: host {doc.get('host')}, pid {doc.get('pid')}", flush=True)

    def on_verdict(self, doc):                         # step 6
        due = max(now(), self.hurried + 1)
        if doc.get("session") == self.session and doc.get("state") in ("stale", "zombie") and due < self.beat_due:
            self.beat_due = self.hurried = due

    def on_request(self, msg):
        to, correlation = (getattr(msg.properties, name, None) for name in ("ResponseTopic", "CorrelationData"))
        if not to or not to.startswith(self.rpc + "/reply/") or set("+#") & set(to):
            return                                     # a stranger's topic: do not even carry it out
        method, error = msg.topic[len(self.requests):], lambda code, text: {"error": {"code": code, "message": text}}
        if len(msg.payload) > 16384:
            reply = error("too_large", "the payload is larger than 16 KiB")
        elif msg.payload and parse(msg.payload) is None:
            reply = error("bad_params", "the payload is not a JSON object")
        elif method == "beat":
            reply = {"result": {"seq": self.heartbeat()}}
        elif method == "health":
            reply = {"result": self.health()}
        else:
            reply = error("no_method", f"there is no method `{method}`")
        self.client.publish(to, json.dumps(reply), 1, False, props(**{} if correlation is None else {"CorrelationData": correlation}))

    def health(self):
        status = {"error": "fail", "starting": "warn", "loading": "warn", "draining": "warn"}.get(self.status, "pass")
        return {"status": status, "version": VERSION, "serviceId": f"worker/{self.hive}/{self.worker}",
                "description": f"worker, {self.status}", "checks": {"worker:status": [{"status": status, "observedValue": self.status}]}}

    def connect_once(self):
        """One CONNECT and all that follows, until it ends. Returns how long it was up, None where it never was."""
        self.connection, self.up_since, self.birth_due, self.beat_due = self.connection + 1, None, NEVER, NEVER
        # A new Client each time: paho would keep the old will, and send again what waits from the old connection.
        self.client = c = mqtt.Client(self.client_id, protocol=mqtt.MQTTv5)
        c.on_connect, c.on_message = self.on_connect, self.on_message
        c.will_set(self.base + "/presence", self.presence("stale", "connection_lost"), 1, True, props(PacketTypes.WILLMESSAGE))
        try:
            c.connect("127.0.0.1", self.port, keepalive=10, clean_start=True)     # Session Expiry is 0 where not set
            c.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            return None
        while not self.leaving and c.loop(max(0, min(0.05, self.birth_due - now(), self.beat_due - now()))) == mqtt.MQTT_ERR_SUCCESS:
            if now() >= self.birth_due:
                self.birth()
            if now() >= self.beat_due:
                self.heartbeat()
        if self.leaving:
            self.goodbye()
        return self.up_since and now() - self.up_since

    def goodbye(self):                                 # step 8
        if self.up_since and self.client.is_connected():
            sent, end = self.publish_presence("offline", "goodbye"), now() + 1
            while not sent.is_published() and now() < end and self.client.loop(0.05) == mqtt.MQTT_ERR_SUCCESS:
                pass
        self.client.disconnect()                       # reason 0: the broker discards the will

    def run(self):
        quick, cap = [], 0.5
        while not self.leaving:
            up = self.connect_once()
            if up is not None:                         # was up: long enough for quick attempts, or thrown out at once
                quick, cap = ([0, 0.06, 0.12, 0.18], 0.5) if up >= 0.1 else ([], cap)
            if quick:
                wait = quick.pop(0) * random.uniform(0.8, 1.2)
            else:
                wait, cap = random.uniform(0, cap), min(2 * cap, 30)
            end = now() + wait
            while not self.leaving and now() < end:    # in slices, as a signal does not end a sleep
                time.sleep(min(0.05, max(0, end - now())))

    def leave(self, *_signal):
        self.leaving = True                            # the loop sees it within 50 ms


if __name__ == "__main__":
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--port", type=int, required=True)
    cli.add_argument("--id", required=True, dest="worker")
    cli.add_argument("--hive", default="default")
    cli.add_argument("--root", default="skep/v1")
    cli.add_argument("--interval", type=float, default=1.0, help="seconds between heartbeats, 0.05 to 86400")
    cli.add_argument("--status", default="idle")
    args = cli.parse_args()
    if not (all(map(ID.fullmatch, (args.worker, args.hive, args.status))) and 0.05 <= args.interval <= 86400):
        cli.error(f"id, hive and status are of the form {ID.pattern}, the interval is 0.05 to 86400 s")
    me = Worker(**vars(args))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, me.leave)
    me.run()
