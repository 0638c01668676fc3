"""The swarm's own word: it says that all is well where it is, and finds each fault that is made by hand."""

import json
import threading
import time

import paho.mqtt.client as mqtt
import pytest

from fleet import LIMIT_S, Broker, await_that
from scene import MeasuredQueen, swarm

FLEET = "0s fleet lab count=4 interval=1s rpc=1\n0s fleet more count=20 over=2 interval=1s\n"
DEEDS = "1s die lab\n1.2s exit more from=2\n1.3s leave more from=3\n1.4s hang more from=4\n3s revive lab from=0\n"


@pytest.fixture
def queen(tmp_path, started):
    broker = started(Broker, tmp_path)
    queen = started(MeasuredQueen, broker, 1000, 8)
    queen.broker = broker
    return queen


@pytest.fixture
def play(queen, tmp_path):
    """Plays the script; meanwhile, when the fleet is online and it has begun, `forge` runs."""
    def play(script, forge=None, *options):
        def wait_and_forge():
            await_that(lambda: (w := queen.worker("more/w9")) and w["state"] == "online", "the fleet")
            time.sleep(3)
            forge()
        thread = threading.Thread(target=wait_and_forge) if forge else None
        if thread:
            thread.start()
        result = swarm(queen.broker, queen, tmp_path, script, *options, logins=False)
        if thread:
            thread.join(LIMIT_S)
        return result
    return play


@pytest.fixture
def forger(queen):
    client = mqtt.Client(protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", queen.broker.port)
    client.loop_start()

    def publish(leaf, retain=True, **fields):
        document = {"hive_id": "more", "worker_id": "w9", "event_id": 1 << 52, "revision": 0, **fields}
        client.publish(f"skep/v1/queen/queen/{leaf}", json.dumps(document), 1, retain).wait_for_publish(LIMIT_S)
    yield publish
    client.disconnect()
    client.loop_stop()


def test_all_is_well(play):
    code, text, found = play(FLEET + DEEDS)
    assert code == 0, text
    assert found == {"deeds": 5, "missed": 0, "false": 0, "duplicated": 0, "late": 0, "wrong_states": 0}
    assert "lab/w0               die" in text and "more/w4              hang" in text


def test_a_forged_event_is_false(play, forger):
    code, text, found = play(FLEET + DEEDS, lambda: forger("event", retain=False, state="stale", cause="last_will"))
    assert code == 1 and found["false"] == 1 and found["missed"] == 0
    assert "false: more/w9, event" in text


def test_a_forged_verdict_is_false_and_stays_wrong(play, forger):
    code, text, found = play(FLEET + DEEDS, lambda: forger("verdict/more/w9", state="zombie"))
    assert code == 1 and found["false"] == 1 and found["wrong_states"] == 1
    assert "false: more/w9, verdict" in text and "more/w9 is zombie in its retained verdict, not online" in text


def test_who_is_told_dead_and_is_not(play, queen):
    """A will by another hand: the queen asks, and is told that it lives; without that a process's own word counts."""
    def die():
        session = queen.worker("more/w9")["session"]
        client = mqtt.Client(protocol=mqtt.MQTTv5)
        client.connect("127.0.0.1", queen.broker.port)
        client.loop_start()
        document = {"presence": "stale", "cause": "process_exited", "session": session, "connection": 1}
        client.publish("skep/v1/hive/more/worker/w9/presence", json.dumps(document), 1, True).wait_for_publish(LIMIT_S)
        client.disconnect()
        client.loop_stop()
    code, text, found = play(FLEET + DEEDS, die)
    assert code == 1 and found["false"] >= 4, "on every channel"
    for channel in "verdict", "event", "ring", "command":
        assert f"false: more/w9, {channel}" in text


def test_what_is_not_told_is_missed(play, queen):
    queen.told.unlink()  # the command makes another file; the swarm reads this one
    (queen.folder / "other").touch()
    queen.told = queen.folder / "other"
    code, text, found = play(FLEET + "1s exit more from=2\n", None, "--until", "3")
    assert code == 1 and found["missed"] == 1 and found["false"] == 0
    assert "missed: more/w2, command" in text


def test_what_is_told_twice_is_duplicated(play, queen):
    def repeat():
        line = await_that(lambda: next((text for text in queen.told.read_text(encoding="utf-8").splitlines(True)
                                        if '"w2"' in text and '"stale"' in text), None), "the death at --on-event")
        with open(queen.told, "a", encoding="utf-8") as told:
            told.write(line)
    code, text, found = play(FLEET + "1s exit more from=2\n", repeat)
    assert code == 1 and found["duplicated"] == 1 and found["missed"] == 0
    assert "duplicated: more/w2, command" in text


def test_what_is_told_late_is_late(play):
    code, text, found = play(FLEET + "1s die lab\n", None, "--confirm", "0", "--limit", "100")
    assert code == 1 and found["late"] == 4, "the queen waits 250 ms, of which this swarm knows nothing"


def test_a_script_with_an_error_is_no_result(play):
    for script, reason in (("now fleet lab", "time"), ("1s dance lab", "verb"), ("1s die", "target"), ("1s die lab n=3", "key"),
                           ("1s die lab count=many", "key")):
        code, _, _ = play(f"# the first line\n{script}\n")
        assert code == 2, reason
