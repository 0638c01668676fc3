"""The scene of docker-compose.yml on a real engine: up, one hive's container killed and judged, back, down.

Without an engine: exit 77, which ctest shows as not run."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request
import uuid

import pytest

PROJECT = pathlib.Path(__file__).parents[3]
WORKERS = {f"{hive}/{worker}" for hive in ("hive-1", "hive-2") for worker in ("hasher", "packer", "sleeper")}
LIMIT_S = 120  # for whatever has to happen at all; containers start slowly on a loaded machine
BUILD_LIMIT_S = 1500


def succeeds(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def compose_program():
    """Debian 12's, or the newer plugin of docker."""
    for program in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(program[0]) and succeeds(*program, "version"):
            return program
    return None


PROGRAM = compose_program()


def await_that(condition, what):
    """What `condition` returns, once that is true."""
    end = time.monotonic() + LIMIT_S
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {LIMIT_S} s: {what}"
        time.sleep(0.2)
    return value


class Fleet:
    """A project of its own name, on free ports of the loopback."""

    def __init__(self):
        self.name = f"skep-test-{uuid.uuid4().hex[:8]}"
        self.environment = {**os.environ, "SKEP_QUEEN_PORT": "0", "SKEP_BROKER_PORT": "0"}

    def compose(self, *arguments, limit_s=LIMIT_S):
        done = subprocess.run([*PROGRAM, "-p", self.name, *arguments], cwd=PROJECT, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit_s)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def skep(self, *arguments):
        return self.compose("exec", "-T", "queen", "skep", *arguments)

    def ask(self, path):
        """The queen, at the port that the host publishes."""
        address = self.compose("port", "queen", "7833").strip()
        with urllib.request.urlopen(f"http://{address}{path}", timeout=LIMIT_S) as response:
            return json.load(response)

    def states(self):
        """HIVE/NAME -> state."""
        return {f"{w['hive_id']}/{w['worker_id']}": w["state"] for w in self.ask("/v1/workers")["workers"]}

    def hives(self):
        return {hive["hive_id"]: hive["state"] for hive in self.ask("/v1/hives")["hives"]}

    def of_hive(self, hive):
        return {name: state for name, state in self.states().items() if name.startswith(f"{hive}/")}

    def await_online(self):
        await_that(lambda: self.states() == dict.fromkeys(WORKERS, "online"), "all workers online")

    def down(self):
        self.compose("down", "--volumes", "--rmi", "local", "--timeout", "20")

    def remains(self):
        """Containers, networks and volumes with the project's name."""
        listings = (["ps", "-aq"], ["network", "ls", "-q"], ["volume", "ls", "-q"])
        label = f"label=com.docker.compose.project={self.name}"
        return "".join(subprocess.run(["docker", *listing, "--filter", label], stdout=subprocess.PIPE, text=True,
                                      check=True).stdout for listing in listings)


@pytest.fixture(scope="module")
def fleet():
    if not PROGRAM or not succeeds("docker", "info", "--format", "{{.ServerVersion}}"):
        pytest.exit("no Docker engine answers", 77)
    fleet = Fleet()
    try:
        fleet.compose("up", "-d", "--build", limit_s=BUILD_LIMIT_S)
        yield fleet
    finally:
        print(fleet.compose("logs", "--no-color", "--tail", "20"))
        fleet.down()
    assert fleet.remains() == ""


def test_the_fleet_comes_up_by_itself(fleet):
    fleet.await_online()


def test_people_ask_inside_the_containers(fleet):
    fleet.await_online()
    assert set(fleet.skep("ps", "-o", "name").split()) == WORKERS
    seen = fleet.compose("exec", "-T", "broker", "mosquitto_sub", "-t", "skep/v1/hive/+/presence", "-C", "2", "-W", "30")
    assert {json.loads(line)["hive_id"] for line in seen.splitlines()} == {"hive-1", "hive-2"}


def test_a_hive_that_dies_with_its_host_takes_its_workers_along(fleet):
    fleet.await_online()
    fleet.compose("kill", "hive-1")
    await_that(lambda: set(fleet.of_hive("hive-1").values()) == {"unreachable"}, "the workers of hive-1 unreachable")
    assert len(fleet.of_hive("hive-1")) == 3
    assert set(fleet.of_hive("hive-2").values()) == {"online"}
    assert fleet.hives() == {"hive-1": "down", "hive-2": "ready"}
    incident = fleet.ask("/v1/hives/hive-1")["incident"]
    assert incident.startswith("hive:hive-1:")
    assert {fleet.ask(f"/v1/hives/{name.replace('/', '/workers/')}")["incident"]
            for name in fleet.of_hive("hive-1")} == {incident}
    fleet.compose("start", "hive-1")
    fleet.await_online()
    await_that(lambda: set(fleet.hives().values()) == {"ready"}, "both hives ready")


def test_a_queen_that_restarts_knows_them_all_again(fleet):
    fleet.await_online()
    fleet.compose("restart", "queen")
    fleet.await_online()
