"""Forgetting, what must not come back, and two processes of one id. R16, R2."""

import signal
import subprocess

import pytest

from fleet import LIMIT_S, await_that
from listener import Listener


def retained(broker, pattern):
    """The topics below that hold something."""
    done = subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", pattern, "-F", "%t",
                           "--retained-only", "-W", "1"], capture_output=True, text=True, timeout=LIMIT_S)
    return done.stdout.split()


def clear(broker, topic):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-r", "-n", "-t", topic],
                   check=True, timeout=LIMIT_S)


def assert_forgotten(broker, queen, name):
    await_that(lambda: queen.worker(name) is None, f"{name} forgotten")
    await_that(lambda: [t for t in retained(broker, f"{queen.root}/#") if name.partition("/")[2] in t] == [],
               "no topic holds anything of it")
    last = queen.events(name)[-1]
    assert (last["state"], last["cause"]) == (None, "forgotten")


@pytest.fixture
def lost(queen, agent):
    """A worker that was killed."""
    lost = agent("h1/lost")
    queen.await_state("h1/lost")
    lost.kill()
    queen.await_state("h1/lost", "stale")
    return lost


@pytest.mark.parametrize("leaf", ["heartbeat", "presence"])
def test_a_cleared_topic_forgets_the_lost(broker, root, queen, lost, leaf):
    clear(broker, f"{root}/hive/h1/worker/lost/{leaf}")
    assert_forgotten(broker, queen, "h1/lost")


def test_a_cleared_topic_forgets_a_device(broker, root, queen, device):
    device("h1/pump")
    queen.await_state("h1/pump")
    clear(broker, f"{root}/hive/h1/worker/pump/heartbeat")
    assert_forgotten(broker, queen, "h1/pump")


def test_a_live_worker_heals_what_was_cleared(broker, root, queen, agent, started):
    presence = f"{root}/hive/h1/worker/w1/presence"
    agent("h1/w1")
    queen.await_state("h1/w1")
    watcher = started(Listener, broker.port, presence)
    heard = len(watcher.messages)
    clear(broker, presence)
    watcher.await_document(presence, heard, presence="online")
    assert [e["state"] for e in queen.events("h1/w1")] == ["online"]


def test_delete(broker, queen, lost):
    assert queen.ask("/v1/hives/h1/workers/lost", "DELETE") == (204, None)
    assert_forgotten(broker, queen, "h1/lost")
    assert queen.ask("/v1/hives/h1/workers/lost", "DELETE")[0] == 404
    lost.start()
    assert queen.await_state("h1/lost")["cause"] == "birth"


def test_delete_of_an_online_worker_needs_force_and_it_comes_back(queen, agent):
    agent("h1/w1")
    session = queen.await_state("h1/w1")["session"]
    assert queen.ask("/v1/workers/w1", "DELETE")[0] == 409
    assert queen.worker("h1/w1")["state"] == "online"
    assert queen.ask("/v1/workers/w1?force=true", "DELETE")[0] == 204
    assert queen.await_state("h1/w1")["session"] == session
    assert [e["state"] for e in queen.events("h1/w1")] == ["online", None, "online"]


def test_a_stored_ghost_does_not_come_back(broker, root, queen, lost):
    """A killed broker goes back to its last autosave, where the forgotten worker still is."""
    ghosts = f"{root}/hive/h1/worker/lost/+"
    database = broker.folder / "mosquitto.db"
    saved_at = database.stat().st_mtime_ns if database.exists() else 0
    broker.send(signal.SIGUSR1)  # saves now
    await_that(lambda: database.exists() and database.stat().st_mtime_ns > saved_at, "the broker's save")
    assert queen.ask("/v1/workers/lost", "DELETE")[0] == 204
    assert_forgotten(broker, queen, "h1/lost")
    broker.end(signal.SIGKILL)
    await_that(lambda: queen.ask("/health")[0] == 503, "a blind queen")
    broker.start_again()
    await_that(lambda: queen.ask("/health")[0] == 200, "the next snapshot")
    await_that(lambda: retained(broker, ghosts) == [], "the ghost's topics cleared again")
    assert queen.worker("h1/lost") is None
    assert queen.events("h1/lost")[-1]["cause"] == "forgotten"


def test_two_processes_of_one_id(root, queen, listener, device):
    """Each with a connection of its own, as clients are that choose their own client ids."""
    sessions = ["00000000000000a1", "00000000000000b2"]
    first = device("h1/w1", session=sessions[0], connection=1, seq=0)
    await_that(lambda: (queen.worker("h1/w1") or {}).get("session") == sessions[0], "the first")
    device("h1/w1", session=sessions[1], connection=1, seq=0)
    await_that(lambda: queen.worker("h1/w1")["session"] == sessions[1], "the second")
    assert queen.worker("h1/w1")["flags"] == []  # one that was started again looks the same
    first.beat(session=sessions[0], connection=1, seq=1)
    verdict, _ = listener.await_document(f"{root}/queen/queen/verdict/h1/w1", flags=["conflict"])
    assert (verdict["session"], verdict["revision"]) == (sessions[1], 2)
    assert queen.worker("h1/w1")["flags"] == ["conflict"]
    assert queen.check("messages:ignored:retired_session") == 1
    assert [e["state"] for e in queen.events("h1/w1")] == ["online"]


def test_two_agents_of_one_id(queen, agent):
    """Neither is thrown out: the first one logs the second, and the queen flags the conflict."""
    first = agent("h1/w1", "--interval", "1s")
    queen.await_state("h1/w1")
    second = agent("h1/w1", "--interval", "1s")
    await_that(lambda: "another process uses the id h1/w1" in first.said(), "a notice")
    await_that(lambda: queen.worker("h1/w1")["flags"] == ["conflict"], "the conflict")
    assert [e["state"] for e in queen.events("h1/w1")] == ["online"]
    assert all("lost the" not in agent.said() and agent.process.poll() is None for agent in (first, second))
