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
    program.await_start()
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


def test_identity_a_second_hive_of_one_name_takes_nothing(watched, broker, root, started):
    """Not even its workers start, for they bear the same names; and the first one notices nothing."""
    programs = [watched("one"), watched("two")]
    first = started(Hive, broker, root, section(programs[0])).run()
    programs[0].await_start()
    second = started(Hive, broker, root, section(programs[1]))
    second.start()
    assert second.process.wait(LIMIT_S) == EXIT_REFUSED
    assert "another hive holds the id hive-a (host " in second.said()
    assert f"pid {first.process.pid}): stop that one, or give this one another --id" in second.said()
    assert not programs[1].pids() and programs[0].alive()
    assert "level=warning" not in first.said().replace("without --state-dir", "").partition("msg=started")[2]
    for hive in (first, second):
        hive.end()
