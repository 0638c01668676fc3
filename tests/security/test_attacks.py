"""Whoever has one hive's user, an operator's or only HTTP floods the queen: elsewhere a real death is told on the topic, in
the ring and to --on-event, once and in time, and nothing else is. A few seconds each, and only that it waits for neither
the end of the flood nor a storm (R14); with SKEP_ATTACK=long a minute each on 5,000 workers, and with limits of time, if
SKEP_LONG=1."""

import os

import pytest

import measure
from scene import HIVES, MeasuredQueen, SecureBroker, swarm

LONG = os.environ.get("SKEP_ATTACK") == "long"
FOR = "60s" if LONG else "2.5s"
MAX_WORKERS, MAX_STATE_MIB, DOCUMENTS = (10000, 32, 8000) if LONG else (1000, 4, 800)
TURN_LIMIT_MS = 50
STORM_MS = 35000  # for so long a storm holds those who are lost
NOBODY = "/v1/workers?label.a=nobody&sort=queue_depth&limit=1"

# Name, the flood at its rate (without one: as fast as it is answered), and what health says of it: (check, who is named).
ATTACKS = [
    ("workers", "workers evil rate=2000", ("workers:largest_hive", "evil")),
    ("hives", "hives evil rate=1000", None),
    ("documents", f"documents evil count={DOCUMENTS} size=16000 rate=500", ("documents:largest_hive", "evil")),
    ("dear_beats", "documents evil count=1 size=16000 rate=2000", None),
    ("dear_witnesses", "witnesses evil size=6000 shape=tokens rate=1000", None),
    ("dear_births", "births evil size=6000 shape=tokens rate=1000", None),
    ("large_witnesses", "witnesses evil size=16000 shape=tokens rate=1000", None),
    ("properties", "properties evil size=3000 rate=500", None),
    ("large_properties", "properties evil size=13000 rate=100", None),
    ("one_flaps", "flap evil count=1 rate=2000", None),
    ("many_flap", "flap evil count=200 rate=2000", None),
    ("births_and_deaths", "flap evil count=40000 rate=4000", None),
    ("storms", "wills evil count=400 rate=4000", None),
    ("churn", "churn evil rate=1800", ("workers:largest_hive", "evil")),
    ("copies", "copies evil count=500 rate=2000", None),
    ("replies", "replies evil shape=tokens rate=4000", None),
    ("requests_to_queen", "request skep/v1-rpc/queen/queen/worker.list user=op rate=2000", ("requests:refused", None)),
    ("requests_to_worker", "request skep/v1-rpc/hive/lab/worker/w7/beat user=op rate=500", None),
    ("verified", "get /v1/workers?verified=true&limit=5 over=50 rate=500", None),
    ("verifications", "post /v1/hives/lab/workers/w7/verify over=50 rate=500", None),
    ("gets", f"get {NOBODY} over=240", None),
    ("long_lists", "get /v1/workers?limit=100000 over=240", None),
    ("slow_readers", "hold /v1/workers?limit=100000 over=200 rate=200", None),
    ("slow_headers", "drip / over=1200", None),
    ("long_polls", "get /v1/events?after=9000000000000000&wait=60 over=1000 rate=1000", None),
]


def fleet():
    """Workers with a session and a will each, of which some die; and many over few sessions, whose agents may report."""
    lines = [f"0s fleet lab count=8 interval={'1s' if LONG else '10s'} rpc=1"]
    if not LONG:
        lines.append("0s fleet h9 count=3 interval=10s")  # nobody beside one that dies who is asked, and may be slow
    for hive in HIVES if LONG else HIVES[:2]:
        lines.append(f"0s fleet {hive} count={500 if LONG else 40} over=2 interval=10s rate=2000")
    return lines


def deeds():
    """Real ones, elsewhere."""
    if not LONG:
        return ["1s die h9", "1.2s exit h0", "1.4s leave h1", "1.6s exit h1 from=3 count=2 rate=5"]
    return [line for i in range(5) for line in (f"{5 + 10 * i}s die lab from={i}", f"{8 + 10 * i}s exit h{i} from={i} count=3 rate=1",
                                               f"{12 + 10 * i}s leave h{i} from=100")]


pytestmark = pytest.mark.skipif(LONG and os.environ.get("SKEP_LONG") != "1", reason="a quarter of an hour")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = SecureBroker(tmp_path_factory.mktemp("secure"))
    yield broker
    broker.end()


@pytest.fixture
def fresh_broker(broker):
    """The same, with nothing stored of the tests before."""
    broker.end()
    for file in broker.folder.glob("mosquitto.db*"):
        file.unlink()
    broker.start_again()
    return broker


@pytest.mark.parametrize("name, flood, says", ATTACKS, ids=[a[0] for a in ATTACKS])
def test_a_real_death_is_told_during(fresh_broker, started, tmp_path, name, flood, says):
    queen = started(MeasuredQueen, fresh_broker, MAX_WORKERS, MAX_STATE_MIB)
    script = "\n".join([*fleet(), *deeds(), f"0s {flood} for={FOR}"]) + "\n"
    code, text, found = swarm(fresh_broker, queen, tmp_path, script, "--limit", "100" if LONG else str(STORM_MS // 2))
    turn, memory = queen.longest_turn_ms(), queen.memory()
    measure.lines.append(f"{name}: {found}; longest turn {turn:.1f} ms, memory {memory >> 20} of {queen.allowed >> 20} MiB")
    assert found["deeds"] == sum(int(line.partition("count=")[2].split()[0]) if "count=" in line else 1 for line in deeds())
    assert code == 0, text
    assert memory < queen.allowed
    assert "lost the broker" not in queen.said()
    if says:
        status, health = queen.ask("/health")
        assert status == 200 and health["status"] == "warn"
        assert says[1] is None or health["checks"][says[0]][0]["observedValue"] == says[1]
    if LONG:
        assert turn < TURN_LIMIT_MS
