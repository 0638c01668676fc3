"""What breaks a rule of the protocol changes nothing, and is counted by its reason."""

import json

import pytest

from fleet import Queen, await_that

GOOD = {"status": "busy", "labels": {"kept": "yes"}}
DEEP = '{"status":"idle","x":' + "[" * 8 + "]" * 8 + "}"
LARGE = json.dumps({"status": "idle", "x": "a" * 16384})

DOCUMENTS = [
    ("cut off", "syntax", '{"status":"idle"'),
    ("two documents", "syntax", '{"status":"idle"}{}'),
    ("no JSON", "syntax", "idle"),
    ("NaN", "syntax", '{"status":"idle","gpu_utilization":NaN}'),
    ("Infinity", "syntax", '{"status":"idle","gpu_utilization":-Infinity}'),
    ("a number beyond all numbers", "out_of_range", '{"status":"idle","x":1e999}'),
    ("a list", "wrong_type", '["idle"]'),
    ("a lone surrogate", "not_utf8", '{"status":"idle","x":"\\ud800"}'),
    ("too deep", "too_deep", DEEP),
    ("a key twice", "duplicate_key", '{"status":"idle","x":1,"x":1}'),
    ("a key twice, within", "duplicate_key", '{"status":"idle","x":{"y":1,"y":1}}'),
    ("no status", "missing_field", '{"queue_depth":1}'),
    ("a status that is no token", "bad_id", '{"status":"out of order"}'),
    ("a status of another type", "wrong_type", '{"status":1}'),
    ("text for a number", "wrong_type", '{"status":"idle","queue_depth":"1"}'),
    ("less than none", "out_of_range", '{"status":"idle","queue_depth":-1}'),
    ("half a request", "wrong_type", '{"status":"idle","queue_depth":0.5}'),
    ("more than all of it", "out_of_range", '{"status":"idle","gpu_utilization":1.01}'),
    ("a session that is none", "wrong_type", '{"status":"idle","session":"w1"}'),
    ("a lease shorter than three beats", "out_of_range", '{"status":"idle","interval_ms":1000,"lease_ms":2999}'),
    ("a label that is no text", "wrong_type", '{"status":"idle","labels":{"a":1}}'),
]

HEARTBEATS = [
    *DOCUMENTS,
    ("not UTF-8", "not_utf8", b'{"status":"idle","x":"\xff"}'),
    ("too large", "too_large", LARGE),
    ("of another worker", "wrong_id", '{"status":"idle","worker_id":"w2"}'),
    ("of another hive", "wrong_id", '{"status":"idle","hive_id":"h2"}'),
]

PRESENCES = [
    ("no presence", "missing_field", "{}"),
    ("a presence that is none", "unknown_name", '{"presence":"dead"}'),
    ("the death of another", "wrong_id", '{"presence":"stale","worker_id":"w2"}'),
    ("cut off", "syntax", '{"presence":"stale"'),
]

TOPICS = [
    ("a worker that is no id", "bad_id", "hive/h1/worker/w 1/heartbeat"),
    ("a hive that is no id", "bad_id", "hive/-h/worker/w1/heartbeat"),
    ("no name", "bad_id", "hive/h1/worker//heartbeat"),
    ("a name that is too long", "bad_id", f"hive/h1/worker/{65 * 'w'}/heartbeat"),
    ("a name that is no UTF-8 of ours", "bad_id", "hive/h1/worker/w\u00e4/presence"),
]

UNHEARD = ["hive/h1/worker/w2/heartbeat/more", "hive/h1/worker/w2", "hive/h1/heartbeats", "worker/w2/heartbeat",
           "hive/h1/worker/w2/HEARTBEAT"]


def rows(table):
    return pytest.mark.parametrize("why, reason, bad", table, ids=[why for why, *_ in table])


@pytest.fixture(scope="module")
def root():
    return "skep-bad/v1"


@pytest.fixture(scope="module")
def queen(broker, root):
    queen = Queen(broker, root)
    yield queen
    queen.end()


@pytest.fixture
def w1(queen, device):
    """An online worker that sends what is bad."""
    w1 = device("h1/w1", **GOOD)
    await_that(lambda: (queen.worker("h1/w1") or {}).get("heartbeat") == GOOD, "its good heartbeat")
    return w1


def state_of(queen):
    """All that messages could change."""
    workers = [{k: v for k, v in w.items() if not k.endswith("_ago")} for w in queen.workers()]
    return workers, queen.events()


def assert_rejected(queen, reason, send, why):
    check = f"messages:rejected:{reason}"
    before, count, accepted = state_of(queen), queen.check(check), queen.check("messages:accepted")
    send()
    await_that(lambda: queen.check(check) == count + 1, f"{why}: {check} is {queen.check(check)}, it was {count}")
    assert state_of(queen) == before, why
    assert queen.check("messages:accepted") == accepted, why


@rows(HEARTBEATS)
def test_a_bad_heartbeat(queen, w1, why, reason, bad):
    assert_rejected(queen, reason, lambda: w1.publish("heartbeat", bad), why)
    assert queen.worker("h1/w1")["heartbeat"] == GOOD, why


@rows(PRESENCES)
def test_a_bad_presence(queen, w1, why, reason, bad):
    assert_rejected(queen, reason, lambda: w1.publish("presence", bad), why)


@rows(TOPICS)
def test_a_bad_topic(queen, root, w1, why, reason, bad):
    def send():
        w1.client.publish(f"{root}/{bad}", '{"status":"idle"}', qos=1)
    assert_rejected(queen, reason, send, why)


def test_other_topics_are_not_even_heard(queen, root, w1):
    before = state_of(queen)
    for topic in UNHEARD:
        w1.client.publish(f"{root}/{topic}", '{"status":"idle"}', qos=1)
    accepted = queen.check("messages:accepted")
    w1.beat(**GOOD)  # comes after them
    await_that(lambda: queen.check("messages:accepted") == accepted + 1, "the message behind them")
    assert state_of(queen) == before


@rows(DOCUMENTS)
def test_a_bad_post(queen, w1, why, reason, bad):
    before, count = state_of(queen), queen.check(f"messages:rejected:{reason}")
    status, problem = queen.post(bad.replace('"status":"idle"', '"worker_id":"w1","status":"idle"'))
    assert (status, problem["status"], problem["code"]) == (400, 400, reason), why
    assert queen.check(f"messages:rejected:{reason}") == count + 1, why
    assert state_of(queen) == before, why


def test_a_retained_bad_message_is_as_bad_when_it_is_read(broker, root, started, w1):
    w1.publish("heartbeat", "idle")
    late = started(Queen, broker, root, "--id", "late")
    assert late.check("messages:rejected:syntax") >= 1
    assert late.check("workers:total") == 0
