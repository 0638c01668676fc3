"""What a hive keeps right at the broker."""

import json
import signal

import paho.mqtt.publish as publish
import pytest

from fleet import LIMIT_S, Broker, await_that
from hive import Hive, section
from listener import Listener

EXIT_REFUSED = 6


@pytest.fixture
def own_broker(tmp_path, started):
    """One that this test may stop."""
    folder = tmp_path / "broker"
    folder.mkdir()
    return started(Broker, folder)


def stored(broker, topic):
    """What the broker has stored there; None if nothing. The end marker is published behind the subscription."""
    listener = Listener(broker.port, topic, f"{topic}/end")
    publish.single(f"{topic}/end", "end", qos=1, port=broker.port)
    listener.await_message(lambda m: m.topic.endswith("/end"), "the end marker")
    listener.end()
    return next((json.loads(m.payload) for m in listener.messages if m.topic == topic and m.payload), None)


def test_witnesses_of_a_broker_that_lost_them_are_written_again(watched, own_broker, root, started):
    program = watched("w1")
    hive = started(Hive, own_broker, root, section(program)).run()
    witness = hive.await_witness("w1", "running")
    await_that(lambda: stored(own_broker, hive.topic("w1")), "the stored witness")
    own_broker.end(signal.SIGKILL)
    for file in own_broker.folder.glob("*.db"):
        file.unlink()
    own_broker.start_again()
    again = await_that(lambda: stored(own_broker, hive.topic("w1")), "the witness written again")
    assert again["session"] == witness["session"] and len(program.starts()) == 1
    presence = stored(own_broker, f"{root}/hive/hive-a/presence")
    assert presence["presence"] == "online" and presence["connection"] > 1
    hive.end()


def test_witnesses_of_workers_that_are_not_listed_go(hive, broker, root):
    topic = f"{root}/hive/hive-a/worker/ghost/witness"
    publish.single(topic, json.dumps({"state": "running"}), qos=1, retain=True, port=broker.port)
    hive("")
    await_that(lambda: stored(broker, topic) is None, "the ghost's end")


def test_a_cleared_presence_is_healed(hive, broker, root):
    topic = f"{root}/hive/hive-a/presence"
    hive("")
    await_that(lambda: stored(broker, topic), "the birth")
    publish.single(topic, None, qos=1, retain=True, port=broker.port)
    healed = await_that(lambda: stored(broker, topic), "the birth again")
    assert healed["presence"] == "online"


def test_told_that_it_is_down_it_beats(hive, broker, root, listener):
    hive("")
    beat, _ = listener.await_document(f"{root}/hive/hive-a/heartbeat", seq=0)
    publish.single(f"{root}/queen/q/hive-verdict/hive-a", json.dumps({"state": "down", "session": beat["session"]}), qos=1,
                   port=broker.port)
    listener.await_document(f"{root}/hive/hive-a/heartbeat", seq=1)


def test_one_of_two_hives_of_one_name_leaves(watched, broker, root, started):
    """With its workers, for they bear the same names."""
    programs = [watched("one"), watched("two")]
    hives = [started(Hive, broker, root, section(program)).run() for program in programs]
    ended = await_that(lambda: [hive for hive in hives if hive.process.poll() is not None], "the end of one")
    assert len(ended) == 1 and ended[0].process.wait(LIMIT_S) == EXIT_REFUSED
    loser = hives.index(ended[0])
    assert f"another hive uses the id hive-a" in ended[0].said()
    assert f"pid {hives[1 - loser].process.pid})" in ended[0].said()
    assert not programs[loser].alive() and programs[1 - loser].alive()
    for hive in hives:
        hive.end()
