"""R11: a job that ended well, and is not to be restarted, is `offline` and stays so over restarts of its hive and the queen."""

import pytest

from fleet import await_that
from hive import Hive

NAME = "hive-a/w1"


class Job:
    """Ends with 0 once it may; says how often it ran."""

    def __init__(self, folder, restart):
        self.ran, self.may_end = folder / "ran", folder / "may-end"
        program = folder / "job"
        program.write_text(f"#!/bin/sh\necho run >>{self.ran}\nuntil [ -e {self.may_end} ]; do sleep 0.05; done\n",
                           encoding="ascii")
        program.chmod(0o755)
        self.text = f'[worker "w1"]\ncommand = {program}\nrestart = {restart}\n'

    def runs(self):
        return self.ran.read_text(encoding="ascii").count("run")


@pytest.fixture
def hives(broker, root, started, tmp_path):
    """hives(text) runs a hive with the state of the one before."""
    def make(text):
        return started(Hive, broker, root, text, "--state-dir", tmp_path / "state").run()
    return make


def start(oracle, hives, job):
    oracle.did("hive-a", "start", "starting", "ready")
    hive = hives(job.text)
    oracle.await_told()
    return hive


def kill(oracle, hive):
    oracle.did("hive-a", "kill", "down", shown=("suspect",))
    hive.kill()
    oracle.await_told()


@pytest.mark.parametrize("restart", ["never", "on-failure"])
def test_a_job_that_ended(broker, watch, hives, tmp_path, restart):
    queen, oracle = watch(broker)
    job = Job(tmp_path, restart)
    oracle.did(NAME, "start", "online")
    hive = start(oracle, hives, job)
    oracle.did(NAME, "end", "offline", cause="goodbye", shown=("suspect",))
    job.may_end.touch()
    oracle.await_told()
    hive.await_witness("w1", "exited", restarts=0)
    kill(oracle, hive)
    hive = start(oracle, hives, job)
    hive.await_witness("w1", "exited", restarts=0)
    assert not oracle.faults()

    queen.kill()
    queen.start()
    queen.await_state(NAME, "offline")
    await_that(lambda: queen.ask("/v1/hives/hive-a")[1]["state"] == "ready", "the hive ready")
    assert queen.worker(NAME)["state"] == "offline" and job.runs() == 1


def test_a_job_that_ends_while_its_hive_is_away(broker, watch, hives, tmp_path):
    """Its agent says goodbye; the next hive does not run it again."""
    queen, oracle = watch(broker)
    job = Job(tmp_path, "never")
    oracle.did(NAME, "start", "online")
    kill(oracle, start(oracle, hives, job))
    oracle.did(NAME, "end", "offline", cause="goodbye", shown=("suspect",))
    job.may_end.touch()
    oracle.await_told()
    hive = start(oracle, hives, job)
    hive.await_witness("w1", "exited")
    assert not oracle.faults()
    assert job.runs() == 1 and queen.worker(NAME)["state"] == "offline"
