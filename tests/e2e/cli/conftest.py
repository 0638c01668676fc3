"""A real broker, a real queen and hand-made workers for the tests of `skep`. SKEP_BIN_DIR names the programs' folder."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import uuid

import pytest

from device import Device

BIN = pathlib.Path(os.environ["SKEP_BIN_DIR"])
BROKER_START = pathlib.Path(__file__).parents[3] / "broker-config" / "start"
LIMIT_S = 30  # for whatever has to happen at all


def clean_environment(**more):
    """Without what a person has set for skep or for colours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SKEP_") and k not in ("NO_COLOR", "TERM")}
    return {**kept, **more}


class Broker:
    def __init__(self, folder):
        started = subprocess.run([BROKER_START, folder], capture_output=True, text=True, timeout=LIMIT_S)
        assert started.returncode == 0, started.stderr
        self.port, self.pid = map(int, started.stdout.split())

    def end(self, how=signal.SIGTERM):
        try:
            os.kill(self.pid, how)
        except ProcessLookupError:
            pass


class Queen:
    """A skep-queen on a port of its own, kept over a restart."""

    def __init__(self, broker, root, *options):
        self.arguments = [BIN / "skep-queen", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root, *options]
        self.port = 0
        self.start()

    def start(self):
        with tempfile.TemporaryFile("w+", encoding="utf-8") as log:  # a pipe that nobody reads would stop the queen
            self.process = subprocess.Popen([*self.arguments, "--http", f"127.0.0.1:{self.port}"], stderr=log,
                                            env=clean_environment())
            self.port = self.await_port(log)
        self.url = f"http://127.0.0.1:{self.port}"
        self.await_sight()

    def await_sight(self):
        """Until it has subscribed: what is published before is a stored copy to it."""
        deadline = time.monotonic() + LIMIT_S
        while json.loads(Skep(self.url)("ps", "-o", "json").stdout)["view"] != "live":
            assert time.monotonic() < deadline, "the queen stays blind"
            time.sleep(0.01)

    def await_port(self, log):
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            log.seek(0)
            found = re.search(r"msg=started .*\bport=(\d+)", log.read())
            if found:
                return int(found[1])
            time.sleep(0.01)
        log.seek(0)
        raise AssertionError(f"the queen did not start: {log.read()}")

    def end(self):
        self.process.terminate()
        self.process.wait(LIMIT_S)


class Skep:
    """The program under test, asking one queen."""

    def __init__(self, url):
        self.environment = clean_environment(SKEP_QUEEN=url)

    def __call__(self, *arguments, **options):
        options = {"env": self.environment, "capture_output": True, "text": True, "timeout": LIMIT_S, **options}
        return subprocess.run([BIN / "skep", *arguments], **options)

    def start(self, *arguments, **options):
        options = {"env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen([BIN / "skep", *arguments], **options)

    def wait(self, worker, state="online"):
        done = self("wait", worker, "--for", state, "--timeout", f"{LIMIT_S - 5}s")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.end()


@pytest.fixture
def root():
    """Topics of its own for each test, so that the tests share a broker."""
    return f"skep-{uuid.uuid4().hex[:8]}/v1"


@pytest.fixture
def queen(broker, root):
    queen = Queen(broker, root, "--confirm-wait", "50ms")
    yield queen
    queen.end()


@pytest.fixture
def skep(queen):
    return Skep(queen.url)


@pytest.fixture
def fleet(broker, root, skep):
    """fleet("h1/w1", status="idle") makes a worker, and comes back when the queen knows it."""
    devices = []

    def make(name, **fields):
        device = Device(broker.port, root, name)
        devices.append(device)
        device.beat(**fields)
        skep.wait(name)
        return device

    yield make
    for device in devices:
        device.end()
