"""Devices of other systems on a shared broker, as they publish by themselves: --devices. R4, R5, R10, R15, R16."""

import json
import signal
import subprocess
import uuid

import pytest

from fleet import BIN, LIMIT_S, Queen, await_that, clean_environment
from foreign import RECORDED, Foreign
from listener import Listener

ZIGBEE = next(habits for habits in RECORDED if habits.preset == "zigbee2mqtt")
BRIDGE = "zigbee2mqtt/bridge/state"


def ids(habits):
    return f"{habits.preset}-{RECORDED.index(habits)}"


@pytest.fixture
def foreign(broker, started):
    """A device with a name of its own: tests share a broker."""
    def make(habits, name=None):
        return started(Foreign, broker.port, name or f"dev-{uuid.uuid4().hex[:8]}", habits)
    return make


@pytest.fixture
def queen_with(broker, root, started, tmp_path):
    def make(text):
        path = tmp_path / "devices.ini"
        path.write_text(text, encoding="utf-8")
        return started(Queen, broker, root, "--devices", path)
    return make


def changes(queen, name):
    return [(e["state"], e["cause"]) for e in queen.events(name)]


@pytest.mark.parametrize("habits", RECORDED, ids=ids)
def test_online_lost_by_will_and_back(queen_with, foreign, habits):
    device = foreign(habits)
    queen = queen_with(f'[device "d"]\npreset = {habits.preset}\nparent =\n')
    name = f"d/{device.name}"
    device.come()
    queen.await_state(name)
    device.die()
    stale = queen.await_state(name, "stale")
    assert (stale["cause"], stale["evidence"]["path"], stale["evidence"]["result"]) == ("last_will", "will", "not_askable")
    device.come()
    online = queen.await_state(name)
    device.die()
    queen.await_state(name, "stale")
    device.connect()
    device.beat()  # a beat raises it, too
    queen.await_state(name)
    assert changes(queen, name) == [("online", "birth"), ("stale", "last_will"), ("online", "birth"), ("stale", "last_will"),
                                    ("online", "heartbeat")]
    assert online["heartbeat"] == {"status": "idle", "labels": {"name": device.name}}


@pytest.mark.parametrize("habits", [h for h in RECORDED if h.stored], ids=ids)
def test_what_is_stored_raises_nobody(queen_with, foreign, habits):
    """R15: a queen that starts finds one device that is there and one that is gone; the first is online once it beats."""
    here, gone = foreign(habits), foreign(habits)
    here.come()
    gone.come()
    gone.die()
    queen = queen_with(f'[device "d"]\npreset = {habits.preset}\nparent =\n')
    assert queen.await_state(f"d/{here.name}", "unverified")["cause"] == "restored"
    assert queen.await_state(f"d/{gone.name}", "suspect")["cause"] == "last_will"
    here.beat()
    assert queen.await_state(f"d/{here.name}")["cause"] == "heartbeat"
    assert changes(queen, f"d/{gone.name}") == []


def test_silence_has_its_own_limit(queen_with, foreign):
    """R5: one whose connection stands, and that says nothing; another section has no limit."""
    tasmota = next(h for h in RECORDED if h.preset == "tasmota")
    esphome = next(h for h in RECORDED if h.preset == "esphome")
    silent, quiet = foreign(tasmota), foreign(esphome)
    queen = queen_with('[device "t"]\npreset = tasmota\nstale-after = 3s\n[device "e"]\npreset = esphome\n')
    silent.come()
    quiet.come()
    stale = queen.await_state(f"t/{silent.name}", "stale")
    assert (stale["cause"], stale["evidence"]["path"]) == ("missed_heartbeats", "silence")
    assert queen.worker(f"e/{quiet.name}")["state"] == "online"
    silent.beat()
    queen.await_state(f"t/{silent.name}")
    assert changes(queen, f"t/{silent.name}") == [("online", "birth"), ("suspect", "missed_heartbeats"),
                                                  ("stale", "missed_heartbeats"), ("online", "heartbeat")]


def test_a_gateway_takes_its_devices_with_it(queen_with, foreign):
    """R10: zigbee2mqtt dies, which its devices' topics do not say. Each is back with its own word, or message."""
    gateway = foreign(ZIGBEE, f"bridge-{uuid.uuid4().hex[:8]}")
    queen = queen_with('[device "zigbee"]\npreset = zigbee2mqtt\nlevels = 2\n')
    lamp, plug = foreign(ZIGBEE, f"kitchen/lamp-{uuid.uuid4().hex[:8]}"), foreign(ZIGBEE)
    names = [f"zigbee/{lamp.name.replace('/', '.2F')}", f"zigbee/{plug.name}"]
    for _ in range(2):
        gateway.connect(will=(BRIDGE, '{"state":"offline"}'))
        gateway.publish(BRIDGE, '{"state":"online"}', True)
        for device in lamp, plug:
            device.client = gateway.client  # what is said of it is said by the gateway
        lamp.say(ZIGBEE.online)
        plug.say(ZIGBEE.online)
        queen.await_all(names)
        gateway.die()
        queen.await_all(names, "unreachable")
        hive = queen.ask("/v1/hives")[1]["hives"][0]
        assert (hive["hive_id"], hive["state"], hive["workers"]["unreachable"]) == ("zigbee", "down", 2)
    incidents = queen.ask("/v1/incidents?state=open")[1]["incidents"]
    assert [(i["kind"], i["hive_id"]) for i in incidents] == [("hive", "zigbee")]
    gateway.connect(will=(BRIDGE, '{"state":"offline"}'))
    lamp.client = gateway.client
    lamp.beat()  # through the gateway, which says nothing itself
    queen.await_state(names[0])
    assert queen.ask("/v1/hives")[1]["hives"][0]["state"] == "ready"
    assert queen.worker(names[1])["state"] == "unreachable"
    assert queen.worker(names[0])["heartbeat"]["labels"]["name"] == lamp.name
    for device in lamp, plug:
        device.client = None
    gateway.publish(BRIDGE, "", True)


def test_a_cleared_topic_is_forgotten(queen_with, foreign):
    """R16: zigbee2mqtt clears the topic of a device that was renamed or removed; nothing of another system is cleared by us."""
    device = foreign(ZIGBEE)
    queen = queen_with('[device "zigbee"]\npreset = zigbee2mqtt\nparent =\n')
    device.come()
    queen.await_state(f"zigbee/{device.name}")
    device.say("")
    await_that(lambda: queen.worker(f"zigbee/{device.name}") is None, "the device forgotten")
    assert changes(queen, f"zigbee/{device.name}")[-1][1] == "forgotten"


def test_forgetting_leaves_the_topic(queen_with, foreign, started, broker):
    device = foreign(ZIGBEE)
    queen = queen_with('[device "zigbee"]\npreset = zigbee2mqtt\nparent =\n')
    device.come()
    queen.await_state(f"zigbee/{device.name}")
    assert queen.ask(f"/v1/hives/zigbee/workers/{device.name}?force=true", "DELETE")[0] in (200, 202, 204)
    await_that(lambda: queen.worker(f"zigbee/{device.name}") is None, "the device forgotten")
    watcher = started(Listener, broker.port, f"zigbee2mqtt/{device.name}/availability")
    watcher.await_message(lambda m: m.retain and json.loads(m.payload) == {"state": "online"}, "its word, still stored")


def test_hostile_names_and_payloads(queen_with, foreign):
    device = foreign(ZIGBEE)
    queen = queen_with('[device "zigbee"]\npreset = zigbee2mqtt\nparent =\n')
    device.come()
    queen.await_state(f"zigbee/{device.name}")
    for name, payload in ("n" * 65, ZIGBEE.online), ("large", "x" * 16385), ("odd", "[" * 9000):
        device.client.publish(f"zigbee2mqtt/{name}/availability", payload, qos=1)
    names = {"a.20b": "a b", "x..C3.A4": "ä", "x..2E": ".", "x._": "_", "x..3Cb.3E": "<b>", device.name: device.name}
    for name in names.values():
        device.client.publish(f"zigbee2mqtt/{name}/availability", ZIGBEE.online, qos=1).wait_for_publish(LIMIT_S)
    await_that(lambda: len(queen.workers()) == len(names), "five more devices")
    assert {w["worker_id"]: w["heartbeat"]["labels"]["name"] for w in queen.workers()} == names
    assert [queen.check(f"messages:rejected:{reason}") > 0 for reason in ("bad_id", "too_large", "unknown_name")] == [True] * 3


def test_the_file_is_read_again(queen_with, foreign, tmp_path):
    """HUP: another section counts at once, and a faulty file changes nothing."""
    by_preset = {habits.preset: habits for habits in RECORDED}
    lamp, plug = foreign(by_preset["tasmota"]), foreign(by_preset["homie"])
    lamp.come()
    plug.come()
    queen = queen_with('[device "t"]\npreset = tasmota\n')
    queen.await_state(f"t/{lamp.name}", "unverified")
    path = tmp_path / "devices.ini"
    path.write_text('[device "t"]\npreset = tasmota\n[device "h"]\npreset = homie\nhive = t\n', encoding="utf-8")
    assert queen.worker(f"h/{plug.name}") is None
    queen.send(signal.SIGHUP)
    await_that(lambda: f"--devices {path}:3: hive t: is that of an earlier section" in queen.said(), "the refusal")
    path.write_text('[device "t"]\npreset = tasmota\n[device "h"]\npreset = homie\n', encoding="utf-8")
    queen.send(signal.SIGHUP)
    queen.await_state(f"h/{plug.name}", "unverified")
    for device in lamp, plug:
        device.beat()
    queen.await_all([f"t/{lamp.name}", f"h/{plug.name}"])
    path.write_text('[device "h"]\npreset = homie\n', encoding="utf-8")
    queen.send(signal.SIGHUP)
    await_that(lambda: queen.said().count("configuration reloaded") == 2, "the reload")
    lamp.die()
    plug.die()
    queen.await_state(f"h/{plug.name}", "stale")
    assert queen.worker(f"t/{lamp.name}")["state"] == "online"
    assert queen.said().count("connected to the broker") == 1, "its link stays"


@pytest.mark.parametrize("text, says", [
    ('[device "d"]\npreset = tasmota\n', None),
    ('[device "d"]\npreset = tasmoto\n', ":2: preset tasmoto: must be one of "),
    ('[device "d"]\ntopic = tele/#\n', ":2: topic tele/#: # is not allowed"),
    ('[device "d"]\ntopic = skep/v1/hive/%n/x\n', ":2: topic skep/v1/hive/%n/x: matches topics below the queen's own --root"),
    ('[device "d"\n', ":1: section without ]"),
    ('preset = tasmota\n', ":1: preset: must come after a line [device \"NAME\"]"),
])
def test_a_file_is_checked(tmp_path, text, says):
    path = tmp_path / "devices.ini"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([BIN / "skep-queen", "--check-config", "--devices", path], capture_output=True, text=True,
                          timeout=LIMIT_S, env=clean_environment(), stdin=subprocess.DEVNULL)
    if says is None:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 2 and done.stderr.startswith(f"skep-queen: --devices {path}{says}"), done.stderr
