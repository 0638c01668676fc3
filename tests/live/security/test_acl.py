"""Who may do what: each row of the roles' table on a real broker, by what does and what does not arrive."""

import re
import signal

import pytest

from deployment import CONFIG, PASSWORDS, await_that, run_well, worker

STATE_A = "skep/v1/hive/hive-a/"
STATE_B = "skep/v1/hive/hive-b/"
ASK_A = "skep/v1-rpc/hive/hive-a/"
ASK_B = "skep/v1-rpc/hive/hive-b/"
VERDICTS = "skep/v1/queen/queen/"
REPLIES = "skep/v1-rpc/reply/"

MAY_WRITE = [
    ("hive-a", STATE_A + "worker/w1/heartbeat", "a worker beats"),
    ("hive-a", STATE_A + "worker/w1/presence", "a worker is born"),
    ("hive-a", STATE_A + "worker/w1/witness", "a hive tells what it saw"),
    ("hive-a", STATE_A + "presence", "a hive is born"),
    ("hive-a", STATE_A + "heartbeat", "a hive beats"),
    ("hive-a", REPLIES + "skep:q:queen", "a responder answers"),
    ("hive-a", STATE_A + "worker/w2/heartbeat", "not separated: the workers of one hive have one user"),
    ("hive-a", ASK_A + "health", "a hive that starts asks who holds its id"),
    ("lab-a", STATE_A + "worker/w1/heartbeat", "a worker beats"),
    ("lab-a", STATE_A + "worker/w1/presence", "a worker is born"),
    ("lab-a", REPLIES + "skep:q:queen", "a responder answers"),
    ("queen", VERDICTS + "presence", "a queen is born"),
    ("queen", VERDICTS + "verdict/hive-a/w1", "a queen judges"),
    ("queen", VERDICTS + "hive-verdict/hive-a", "a queen judges a hive"),
    ("queen", VERDICTS + "since", "a queen is live"),
    ("queen", VERDICTS + "event", "a queen tells of changes"),
    ("queen", STATE_A + "worker/w1/heartbeat", "to forget is to clear; the broker cannot tell clearing from writing"),
    ("queen", ASK_A + "worker/w1/beat", "a queen asks a worker"),
    ("queen", ASK_A + "worker.list", "a queen asks a hive"),
    ("queen", REPLIES + "me", "a queen answers"),
    ("queen", "skep/v1-rpc/queen/queen/health", "a queen that starts asks who holds its id"),
    ("alice", ASK_A + "worker.stop", "an operator stops a worker"),
    ("alice", ASK_B + "worker/w1/health", "an operator asks a worker"),
    ("alice", "skep/v1-rpc/queen/queen/worker.verify", "an operator asks a queen"),
]

MAY_NOT_WRITE = [
    ("hive-a", STATE_B + "worker/w1/heartbeat", "a heartbeat for another hive's worker"),
    ("hive-a", STATE_B + "worker/w1/presence", "a death of another hive's worker"),
    ("hive-a", STATE_B + "worker/w1/witness", "a witness of another hive's worker"),
    ("hive-a", STATE_B + "presence", "a death of another hive"),
    ("hive-a", STATE_B + "heartbeat", "a heartbeat of another hive"),
    ("hive-a", VERDICTS + "verdict/hive-b/w1", "a verdict on another hive's worker"),
    ("hive-a", VERDICTS + "verdict/hive-a/w1", "a verdict on itself"),
    ("hive-a", VERDICTS + "hive-verdict/hive-b", "a verdict on another hive"),
    ("hive-a", VERDICTS + "presence", "a death of the queen"),
    ("hive-a", VERDICTS + "event", "an event"),
    ("hive-a", "skep/v1/queen/hive-a/verdict/hive-b/w1", "a verdict of a queen of its own name"),
    ("hive-a", ASK_B + "worker/w1/beat", "a request to another hive's worker"),
    ("hive-a", ASK_A + "worker.stop", "a request to its own hive: only queens and operators ask"),
    ("hive-a", ASK_B + "health", "a request to another hive"),
    ("hive-a", "skep/v1-rpc/queen/queen/health", "a request to the queen"),
    ("hive-a", "skep/v1-rpc/queen/queen/worker.list", "a request to the queen"),
    ("hive-a", "elsewhere", "a topic of another program"),
    ("lab-a", STATE_A + "worker/w1/witness", "a worker is no witness"),
    ("lab-a", STATE_A + "presence", "a worker is no hive"),
    ("lab-a", STATE_A + "heartbeat", "a worker is no hive"),
    ("lab-a", STATE_B + "worker/w1/heartbeat", "a heartbeat for another hive's worker"),
    ("lab-a", STATE_B + "worker/w1/presence", "a death of another hive's worker"),
    ("lab-a", STATE_B + "worker/w1/witness", "a witness of another hive's worker"),
    ("lab-a", VERDICTS + "verdict/hive-b/w1", "a verdict"),
    ("lab-a", "skep/v1/hive/lab-a/worker/w1/heartbeat", "a hive of its own name"),
    ("lab-a", ASK_A + "health", "a request"),
    ("lab-a", ASK_B + "worker/w1/beat", "a request"),
    ("queen", "skep/v1/queen/second/verdict/hive-a/w1", "a verdict in the name of another queen"),
    ("queen", "skep/v1-rpc/queen/second/health", "a request to another queen"),
    ("queen", "skep/v1-rpc/queen/queen/worker.list", "a request to itself"),
    ("queen", "tele/lamp/LWT", "the word of a device"),
    ("alice", STATE_A + "worker/w1/heartbeat", "an operator writes no state"),
    ("alice", STATE_A + "worker/w1/presence", "an operator writes no state"),
    ("alice", STATE_A + "presence", "an operator writes no state"),
    ("alice", "skep/v1/hive/alice/worker/w1/heartbeat", "an operator is no hive"),
    ("alice", VERDICTS + "verdict/hive-a/w1", "an operator does not judge"),
    ("bob", STATE_A + "worker/w1/heartbeat", "a viewer writes nothing"),
    ("bob", STATE_A + "worker/w1/presence", "a viewer writes nothing"),
    ("bob", STATE_A + "worker/w1/witness", "a viewer writes nothing"),
    ("bob", "skep/v1/hive/bob/worker/w1/heartbeat", "a viewer is no hive"),
    ("bob", "skep/v1/hive/bob/presence", "a viewer is no hive"),
    ("bob", VERDICTS + "verdict/hive-a/w1", "a viewer does not judge"),
    ("bob", ASK_A + "worker.stop", "a viewer asks nothing"),
    ("bob", ASK_A + "worker/w1/health", "a viewer asks nothing"),
    ("bob", "skep/v1-rpc/queen/queen/worker.list", "a viewer asks nothing"),
    ("bob", REPLIES + "skep:q:queen", "a viewer answers nothing"),
]

MAY_READ = [
    ("hive-a", STATE_A + "worker/w1/presence", "its own presence, to heal it"),
    ("hive-a", STATE_A + "presence", "its own presence, to heal it"),
    ("hive-a", VERDICTS + "verdict/hive-a/w1", "the verdict on itself"),
    ("hive-a", ASK_A + "worker/w1/beat", "its own requests"),
    ("hive-a", ASK_A + "worker.list", "its own requests"),
    ("hive-a", REPLIES + "skep:h:hive-a", "replies to it"),
    ("lab-a", STATE_A + "worker/w1/presence", "its own presence"),
    ("lab-a", VERDICTS + "verdict/hive-a/w1", "the verdict on itself"),
    ("lab-a", ASK_A + "worker/w1/beat", "its own requests"),
    ("queen", STATE_A + "worker/w1/heartbeat", "the fleet"),
    ("queen", STATE_B + "worker/w1/witness", "the fleet"),
    ("queen", STATE_B + "presence", "the fleet"),
    ("queen", VERDICTS + "presence", "her own presence"),
    ("queen", VERDICTS + "verdict/hive-a/w1", "its own verdicts"),
    ("queen", VERDICTS + "hive-verdict/hive-a", "its own verdicts"),
    ("queen", VERDICTS + "since", "since when it grants a grace"),
    ("queen", "skep/v1-rpc/queen/queen/worker.list", "her own requests"),
    ("queen", REPLIES + "skep:q:queen", "replies to her"),
    ("queen", "tele/lamp/LWT", "a device of another system"),
    ("queen", "zigbee2mqtt/bridge/state", "a gateway"),
    ("alice", STATE_A + "worker/w1/heartbeat", "everything that is published"),
    ("alice", REPLIES + "alice", "replies"),
    ("bob", STATE_B + "worker/w1/heartbeat", "everything that is published"),
    ("bob", VERDICTS + "verdict/hive-a/w1", "everything that is published"),
]

MAY_NOT_READ = [
    ("hive-a", ASK_B + "worker/w1/beat", "another hive's requests"),
    ("hive-a", ASK_B + "worker.stop", "another hive's requests"),
    ("hive-a", "skep/v1-rpc/queen/queen/worker.list", "the queen's requests"),
    ("hive-a", REPLIES + "skep:q:queen", "the queen's replies"),
    ("hive-a", REPLIES + "alice", "an operator's replies"),
    ("hive-a", REPLIES + "skep:h:hive-b", "another hive's replies"),
    ("hive-a", STATE_B + "worker/w1/heartbeat", "another hive's workers"),
    ("hive-a", VERDICTS + "verdict/hive-b/w1", "verdicts on others"),
    ("lab-a", ASK_A + "worker.stop", "requests to its hive"),
    ("lab-a", ASK_B + "worker/w1/beat", "another hive's requests"),
    ("lab-a", REPLIES + "skep:q:queen", "the queen's replies"),
    ("lab-a", REPLIES + "skep:h:hive-a", "its hive's replies"),
    ("queen", ASK_A + "worker/w1/beat", "requests to workers: she would be their subscriber"),
    ("queen", REPLIES + "alice", "an operator's replies"),
    ("queen", "cmnd/lamp/POWER", "what is sent to devices"),
    ("hive-a", "tele/lamp/LWT", "a device of another system"),
    ("alice", ASK_A + "worker/w1/beat", "requests"),
    ("bob", ASK_A + "worker/w1/beat", "requests"),
    ("bob", ASK_A + "worker.stop", "requests"),
    ("bob", "skep/v1-rpc/queen/queen/worker.list", "requests"),
    ("bob", REPLIES + "alice", "replies"),
]


def arrives(observer, client, topic, text):
    client.publish(topic, text)
    observer.publish("test/end", text + " end")
    await_that(lambda: observer.has(text + " end"), "the end")
    return observer.topics_of(text) == [topic]


@pytest.mark.parametrize("user,topic,why", MAY_WRITE)
def test_may_write(observer, login, mark, user, topic, why):
    assert arrives(observer, login(user), topic, mark()), why


@pytest.mark.parametrize("user,topic,why", MAY_NOT_WRITE)
def test_may_not_write(observer, login, mark, user, topic, why):
    assert not arrives(observer, login(user), topic, mark()), why


def hears(observer, client, topic, text):
    """mosquitto grants every subscription, so the widest one must bring no more than a narrow one."""
    client.subscribe("#")
    observer.publish(topic, text)
    observer.publish(f"test/end/{client.user}", text + " end")
    await_that(lambda: client.has(text + " end"), "the end")
    return client.has(text)


@pytest.mark.parametrize("user,topic,why", MAY_READ)
def test_may_read(observer, login, mark, user, topic, why):
    assert hears(observer, login(user), topic, mark()), why


@pytest.mark.parametrize("user,topic,why", MAY_NOT_READ)
def test_may_not_read(observer, login, mark, user, topic, why):
    assert not hears(observer, login(user), topic, mark()), why


def test_the_role_has_the_topics_of_all_presets():
    presets = (CONFIG.parent / "queen/core/fleet/device_presets.c").read_text(encoding="ascii")
    filters = {found.replace("%n", "+") for found in re.findall(r'(?:topic|beat|parent)=([^\\"]+)', presets)}
    lines = (CONFIG / "roles/queen").read_text(encoding="ascii")
    assert filters == set(re.findall(r"^#topic read (.*)$", lines, re.MULTILINE))


@pytest.mark.parametrize("user,may", [("queen", True), ("hive-a", False), ("bob", False)])
def test_who_may_read_what_the_broker_drops(observer, login, mark, user, may):
    client, text = login(user), mark()
    client.subscribe("$SYS/broker/publish/messages/+", "#")
    observer.publish(f"test/end/{client.user}", text)
    await_that(lambda: client.has(text), "the end")
    assert may == any(topic == "$SYS/broker/publish/messages/dropped" for topic, _ in client.received)


@pytest.mark.parametrize("user", ["hive-a", "lab-a"])
def test_a_will_for_another_hive_is_not_published(deployment, observer, login, mark, user):
    foreign, own = mark(), mark()
    login(user, will=(STATE_B + "worker/w1/presence", foreign)).die()
    login(user, will=(STATE_A + "worker/w1/presence", own)).die()
    await_that(lambda: observer.has(own), "the will that is allowed")
    assert not observer.has(foreign)


def test_a_client_id_gives_no_rights(observer, login, mark):
    assert not arrives(observer, login("hive-a", client_id="skep:w:hive-b:w1"), STATE_B + "worker/w1/heartbeat", mark())
    assert not hears(observer, login("hive-a", client_id="skep:q:queen"), REPLIES + "skep:q:queen", mark())


SLASHES = [
    STATE_B + "presence", STATE_B + "heartbeat", STATE_B + "worker/w1/presence", STATE_B + "worker/w1/heartbeat",
    STATE_B + "worker/w1/witness", ASK_B + "health", ASK_B + "worker/w1/health", ASK_B + "worker.stop",
    VERDICTS + "presence", VERDICTS + "event", VERDICTS + "verdict/hive-b/w1", VERDICTS + "hive-verdict/hive-b",
    "skep/v1-rpc/queen/queen/health"]


@pytest.mark.parametrize("name", ["hive-b/worker/w1", "hive-b/worker", "hive-b/", "/hive-b", "hive-b/worker/w1/presence"])
def test_a_name_with_slashes_is_nobody(deployment, observer, login, mark, name):
    """As an authority of one's own may sign it; `add-user` and `make-certificates` make none."""
    path = deployment.password_file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret\n", encoding="ascii")
    run_well("mosquitto_passwd", "-b", deployment.folder / "passwords", name, "secret")
    deployment.process.send_signal(signal.SIGHUP)
    client = login(name)
    assert not [topic for topic in SLASHES if arrives(observer, client, topic, mark())]
    client.subscribe("#")
    for topic in SLASHES:
        observer.publish(topic, name)
    observer.publish("test/end/hive-b", "end " + name)
    probe = login("hive-b")
    probe.subscribe("#")
    observer.publish("test/end/hive-b", "last " + name)
    await_that(lambda: probe.has("last " + name), "the end")
    assert not client.has(name)


def test_patterns_bind_no_name_with_a_slash(deployment):
    """What a pattern makes of a name with slashes is a topic of no kind: what follows %u tells how deep it lies."""
    kinds = [topic.replace("hive-b", "H").replace("w1", "W").split("/") for topic in (*SLASHES, STATE_B + "worker/w1/x")]
    patterns = re.findall(r"^pattern \w+ (\S+)$", (CONFIG / "acl").read_text(encoding="ascii"), re.MULTILINE)
    assert patterns
    for pattern in patterns:
        for name in ("H/worker/W", "H/worker", "W/H", "worker/W"):
            words = pattern.replace("%u", name).split("/")
            assert "%u" not in pattern or not any(
                len(kind) == len(words) and all(word in ("+", part) for word, part in zip(words, kind)) for kind in kinds)


def test_a_responder_writes_nothing_but_replies(deployment, observer, login, mark):
    """Its own user could: it is the responder who looks at the response topic."""
    asked, operator = mark(), login("alice")
    operator.subscribe(REPLIES + "alice")
    agent = worker(deployment.folder, "hive-b", "w9", *deployment.by_password("hive-b"))
    try:
        await_that(lambda: any(topic == STATE_B + "worker/w9/heartbeat" for topic, _ in observer.received), "the agent")
        for topic in (STATE_B + "worker/w8/heartbeat", STATE_B + "worker/w8/presence", "skep/v1-rpc/hive/hive-b/w8"):
            operator.publish(ASK_B + "worker/w9/health", asked, response_topic=topic)
        operator.publish(ASK_B + "worker/w9/health", asked, response_topic=REPLIES + "alice")
        await_that(lambda: operator.received, "the reply")
        await_that(lambda: any(topic == REPLIES + "alice" and "worker:status" in text
                               for topic, text in observer.received), "the reply at the observer")
        assert not [topic for topic, _ in observer.received if "w8" in topic]
    finally:
        agent.end()


def test_a_new_user_counts_after_a_reload(deployment, observer, login, mark):
    run_well(CONFIG / "add-user", deployment.folder, "hive-c", "hive")
    deployment.process.send_signal(signal.SIGHUP)
    assert arrives(observer, login("hive-c"), "skep/v1/hive/hive-c/presence", mark())


def test_a_reload_ends_who_was_removed(deployment, login):
    client = login("bob", client_id="removed")
    run_well("mosquitto_passwd", "-D", deployment.folder / "passwords", "bob")
    deployment.process.send_signal(signal.SIGHUP)
    await_that(lambda: not client.paho.is_connected(), "the end of its connection")


def test_the_broker_refuses_who_has_no_user(deployment):
    agent = worker(deployment.folder, "hive-a", "w1", *deployment.broker(PASSWORDS))
    try:
        agent.await_log(r'msg="cannot reach the broker: .*[Nn]ot authori[sz]ed')
    finally:
        agent.end()
