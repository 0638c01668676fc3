"""A hive whose --state-dir is on a full disk: a start that cannot be recorded does not happen, is reported, and no restart of
the hive makes two processes of one worker (R11)."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import urllib.error

import pytest

from fleet import await_that
from hive import Hive, Watched, section

NAMES = [f"w{i}" for i in range(4)]
FULL = "No space left on device"


class Disk:
    """A file system of its own; the scene's mount namespace ends with it. Once filled it stays full, whatever is removed."""

    def __init__(self, folder):
        self.folder, self.filler = folder / "state", folder / "state" / "filler"
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", self.folder], check=True)
        self.has_room = threading.Event()
        self.thread = threading.Thread(target=self.keep_full)

    def keep_full(self):
        while not self.has_room.wait(0.01):
            with open(self.filler, "ab", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))

    def fill(self):
        self.thread.start()
        await_that(lambda: os.statvfs(self.folder).f_bavail == 0, "a full disk")

    def make_room(self):
        self.has_room.set()
        self.thread.join()
        self.filler.unlink()


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path)
    yield disk
    disk.has_room.set()
    subprocess.run(["umount", "--lazy", disk.folder], check=True)


@pytest.fixture
def programs(tmp_path):
    programs = {name: Watched(tmp_path / name) for name in NAMES}
    yield programs
    for program in programs.values():
        await_that(lambda program=program: not program.alive(), f"the end of {program.folder.name}")
        assert program.was_never_double()


@pytest.fixture
def hive(programs, disk, broker, root, started):
    hive = started(Hive, broker, root, "".join(section(program, name) for name, program in programs.items()), "--state-dir",
                   disk.folder)
    hive.has_broker = False  # its health is another one as long as the disk is full
    return hive


def health(hive):
    try:
        return hive.get("/health")
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def await_health(hive, status):
    return await_that(lambda: (found := health(hive))["status"] == status and found, f"health {status}")


def test_full_from_the_start(hive, disk, programs, watch, broker):
    queen, oracle = watch(broker)
    disk.fill()
    oracle.did("hive-a", "start", "starting")
    for name in NAMES:
        oracle.did(f"hive-a/{name}", "a start without room", "stale", cause="start_failed")
    hive.run()
    oracle.await_told()
    assert "--state-dir" in await_health(hive, "fail")["description"]
    assert all(FULL in queen.events(f"hive-a/{name}")[0]["evidence"]["text"] for name in NAMES)
    assert not any(program.starts() for program in programs.values())

    oracle.did("hive-a", "room", "ready")
    for name in NAMES:
        oracle.did(f"hive-a/{name}", "room", "online")
    disk.make_room()
    oracle.await_told()
    await_health(hive, "pass")
    oracle.did("hive-a", "kill", "down", shown=("suspect",))
    hive.kill()
    oracle.await_told()
    oracle.did("hive-a", "start", "starting", "ready")
    hive.run()
    oracle.await_told()
    assert not oracle.faults()
    assert all(len(program.starts()) == 1 for program in programs.values())


def test_full_while_they_run(hive, disk, programs, watch, broker):
    """Who runs goes on; who dies is not started again before there is room; the successor adopts, and starts no second one."""
    queen, oracle = watch(broker)
    oracle.did("hive-a", "start", "starting", "ready")
    for name in NAMES:
        oracle.did(f"hive-a/{name}", "start", "online")
    hive.run()
    oracle.await_told()
    disk.fill()
    oracle.did("hive-a/w0", "a crash without room", "stale", shown=("suspect",))
    os.kill(programs["w0"].await_start()[0], signal.SIGKILL)
    oracle.await_told()
    assert FULL in hive.await_witness("w0", "failed")["reason"]
    await_health(hive, "fail")
    oracle.did("hive-a", "kill", "down", shown=("suspect",))
    hive.kill()
    oracle.await_told()
    oracle.did("hive-a", "start", "starting")
    hive.run()
    hive.await_witness("w0", "failed")
    for name in NAMES[1:]:
        hive.await_witness(name, "running", restarts=0)
    oracle.await_told()
    oracle.did("hive-a", "room", "ready")
    oracle.did("hive-a/w0", "room", "online")
    disk.make_room()
    assert not oracle.faults()
    assert [len(program.starts()) for program in programs.values()] == [2, 1, 1, 1]
