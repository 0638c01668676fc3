"""R20: the wall clocks of a queen and of a worker step by years and back, by libfaketime: no verdict comes of it, and event ids
go on."""

import pathlib
import subprocess

import pytest

from fleet import BIN, LIMIT_S, Agent, await_that
from oracle import FLEET

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
STEPS = ["+3650d", "-3650d", "-1h", "+0"]
NAMES = ["g/w1", "g/w2", "g/w3"]


def has_sanitizer():
    return b"__asan_init" in (BIN / "skep-worker").read_bytes() or b"__tsan_init" in (BIN / "skep-worker").read_bytes()


pytestmark = pytest.mark.skipif(not LIBRARY or has_sanitizer(), reason="no libfaketime, or a sanitizer that wants to be first")


class Clock:
    """The wall clock of whoever is started `inside` it."""

    def __init__(self, folder, name):
        self.file = folder / name
        self.step("+0")
        self.inside = ("env", f"LD_PRELOAD={LIBRARY}", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1",
                       f"FAKETIME_TIMESTAMP_FILE={self.file}")

    def step(self, by):
        new = self.file.with_suffix(".new")
        new.write_text(f"{by}\n", encoding="ascii")
        new.rename(self.file)


@pytest.fixture
def clocks(tmp_path):
    return {name: Clock(tmp_path, name) for name in ("queen", "worker")}


def await_beats(broker, queen):
    """One of each, as a person requests it: none has to be in time, on whatever machine."""
    for name in NAMES:
        before = queen.worker(name)["heartbeat"]["seq"]
        subprocess.run(["mosquitto_rr", "-V", "5", "-p", str(broker.port), "-t",
                        f"{queen.root}-rpc/hive/{name.replace('/', '/worker/')}/beat", "-e", f"{queen.root}-rpc/reply/me",
                        "-m", "", "-W", str(LIMIT_S)], check=True, stdout=subprocess.DEVNULL)
        await_that(lambda: queen.worker(name)["heartbeat"]["seq"] > before, "its heartbeat")


def test_steps(broker, root, started, watch, clocks):
    queen, oracle = watch(broker, inside=clocks["queen"].inside)
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, broker, root, name, "--simulate",
                            inside=clocks["worker"].inside if name == NAMES[0] else ()) for name in NAMES}
    oracle.await_told()
    for whose in clocks:
        for by in STEPS:
            for name in (*NAMES, FLEET):
                oracle.did(name, f"step of the {whose} by {by}", shown=("suspect",))
            clocks[whose].step(by)
            await_beats(broker, queen)
    assert abs(queen.worker(NAMES[0])["clock_skew_ms"]) < 3600_000
    oracle.did(NAMES[1], "kill", "stale", cause="last_will", shown=("suspect",))
    agents[NAMES[1]].kill()
    oracle.await_told()
    ids = [e["event_id"] for e in queen.events()]
    assert ids == sorted(ids)
    assert not oracle.faults()
