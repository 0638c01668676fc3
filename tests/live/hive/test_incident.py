"""R10: a hive that goes down, with its workers or without them, as a queen sees it."""

import os
import re
import signal

from fleet import Agent, Skep, await_that
from hive import Hive, section

WORKERS = ("w1", "w2", "w3")
SLEEPERS = "".join(f'[worker "{name}"]\ncommand = sleep 600\n' for name in WORKERS)


def states_of_hive(queen):
    return [event["state"] for event in queen.events() if event.get("hive_id") == "hive-a" and "worker_id" not in event]


def await_hive(queen, state):
    return await_that(lambda: (hive := queen.ask("/v1/hives/hive-a")[1]) and hive.get("state") == state and hive,
                      f"hive-a {state}")


def states_of(queen, worker):
    return [event["state"] for event in queen.events(f"hive-a/{worker}")]


def test_a_hive_dies_with_its_workers(queen, broker, root, started):
    """One incident, however many workers; who was not there is not part of it."""
    outside = started(Agent, broker, root, "hive-a/outside", "--simulate")
    hive = started(Hive, broker, root, SLEEPERS).run()
    queen.await_all([f"hive-a/{name}" for name in (*WORKERS, "outside")])
    assert await_hive(queen, "ready")["workers"]["online"] == 4
    agents = [hive.witness(name)["pid"] for name in WORKERS]
    hive.kill()
    for pid in agents:
        os.kill(pid, signal.SIGKILL)

    queen.await_all([f"hive-a/{name}" for name in WORKERS], "unreachable")
    down = await_hive(queen, "down")
    assert states_of_hive(queen) == ["starting", "ready", "down"]
    assert re.fullmatch(r"hive:hive-a:\d+", down["incident"])
    for name in WORKERS:
        worker = queen.worker(f"hive-a/{name}")
        assert (worker["cause"], worker["incident"]) == ("hive_down", down["incident"])
        assert states_of(queen, name) == ["online", "unreachable"]
    assert states_of(queen, "outside") == ["online"]
    assert outside.process.poll() is None
    assert down["workers"] == {"total": 4, "unverified": 0, "online": 1, "suspect": 0, "stale": 0, "zombie": 0,
                               "offline": 0, "unreachable": 3}

    started(Hive, broker, root, SLEEPERS).run()
    queen.await_all([f"hive-a/{name}" for name in WORKERS])
    await_hive(queen, "ready")
    assert states_of_hive(queen)[3:] == ["starting", "ready"]


def test_a_hive_that_is_killed_alone(queen, watched, broker, root, started, tmp_path):
    """Its workers beat on: nothing is said of them, and its successor adopts them."""
    programs = [watched(name) for name in WORKERS]
    text = "".join(section(program, program.folder.name) for program in programs)
    hive = started(Hive, broker, root, text, "--state-dir", tmp_path / "state").run()
    queen.await_all([f"hive-a/{name}" for name in WORKERS])
    hive.kill()
    await_hive(queen, "down")
    successor = started(Hive, broker, root, text, "--state-dir", tmp_path / "state").run()
    await_hive(queen, "ready")
    assert states_of_hive(queen) == ["starting", "ready", "down", "starting", "ready"]
    for name in WORKERS:
        assert states_of(queen, name) == ["online"]
        assert successor.witness(name)["restarts"] == 0
    assert [len(program.starts()) for program in programs] == [1, 1, 1]
    successor.end()


def test_a_hive_leaves(queen, broker, root, started):
    hive = started(Hive, broker, root, SLEEPERS).run()
    await_hive(queen, "ready")
    queen.await_all([f"hive-a/{name}" for name in WORKERS])
    hive.end()
    await_hive(queen, "offline")
    queen.await_all([f"hive-a/{name}" for name in WORKERS], "offline")
    skep = Skep(queen.url)
    assert "hive/hive-a ready -> offline (goodbye)" in skep("events").stdout
    described = skep("describe", "hive/hive-a").stdout
    assert "● hive/hive-a" in described and re.search(r"\n  offline +3\n", described)
    assert skep("forget", "hive/hive-a").returncode == 0
    assert queen.ask("/v1/hives") == (200, {"hives": [], "total": 0, "next": None, "view": "live"})


def test_a_queen_that_starts_later_asks_what_is_stored(queen, broker, root, started):
    """Known from stored copies, a hive is ready once it has answered: no event, for that was announced before (R17)."""
    started(Hive, broker, root, SLEEPERS).run()
    await_hive(queen, "ready")
    queen.kill()
    queen.start()
    await_hive(queen, "ready")
    assert states_of_hive(queen) == []
