"""What the units promise, under a systemd of its own: process 1 of new namespaces, on an overlay of this machine."""

import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from daemons import BIN, DAEMONS, output_of

BUILD = os.environ["SKEP_BUILD_DIR"]
INSTALLED_BIN = os.environ["SKEP_INSTALLED_BIN_DIR"]
LIMIT_S = 60
SYSTEMD = pathlib.Path("/lib/systemd/systemd")
NAMESPACES = ("-m", "-p", "-u", "-i", "-n", "-C")
BOOT = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/lower /mnt/root
mount --bind / /mnt/lower
mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
mount --bind "$1" srv
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $folder; done
for node in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do mknod -m 666 dev/${node% *} c 1 ${node#* }; done
mkdir dev/shm dev/pts
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=666
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
cp srv/skep-hive srv/skep-worker srv/skep-queen srv/skep-test usr/bin/
mkdir -p ".$2" ".$2/hive.secrets" ".$2/queen.secrets"
cp srv/*.ini ".$2/"
cp srv/*.service srv/test.target etc/systemd/system/
systemd-sysusers - < srv/sysusers --root=/mnt/root
mkdir oldroot
pivot_root . oldroot
umount -l /oldroot
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=test.target
"""
# Each round it reports, and uses what is its own in /tmp.
WORKER = """#!/bin/bash
while :; do
    systemd-notify WATCHDOG=1 && touch /tmp/mine && echo "$$ ok" || echo "$$ fault"
    sleep 0.1
done >> /srv/reported
"""


def await_that(condition, what):
    until = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < until, what
        time.sleep(0.1)
    return found


class Manager:
    def __init__(self, folder, cgroup, *arguments):
        self.folder, self.cgroup = folder, cgroup
        cgroup.mkdir()
        self.process = subprocess.Popen(
            ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', cgroup, "unshare", *NAMESPACES, "-f", "--kill-child", "sh", "-c",
             BOOT, "boot", folder, *arguments], stdout=open(folder / "log", "wb"), stderr=subprocess.STDOUT)

    def pid(self):
        """Of process 1, once that is systemd; None before: what is run there then would meet that of this machine."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        return next((p for p in children if pathlib.Path(f"/proc/{p}/comm").read_text(encoding="ascii") == "systemd\n"), None)

    def run(self, *command, check=True):
        done = subprocess.run(["nsenter", "-t", self.pid(), *NAMESPACES, "-r", "-w", *command], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}{self.log()}"
        return done.stdout

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def is_running(self):
        """False: it could not be made here."""
        await_that(lambda: self.process.poll() is not None or
                   (self.pid() and "running" in self.run("systemctl", "is-system-running", check=False)), "systemd's start")
        return self.process.poll() is None

    def end(self):
        self.process.kill()
        self.process.wait()
        await_that(self.remove, "the end of what it had started")

    def remove(self):
        try:
            for folder in sorted(self.cgroup.rglob("*/"), reverse=True):
                folder.rmdir()
            self.cgroup.rmdir()
        except OSError:
            return False
        return True


@pytest.fixture
def manager(tmp_path):
    cgroup = next((path for path in map(pathlib.Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))
                   if (path / "cgroup.procs").exists() and (path / "cgroup.subtree_control").exists()), None)
    if os.geteuid() != 0 or not cgroup or not SYSTEMD.exists() or not shutil.which("unshare"):
        pytest.exit("needs root, systemd, unshare, and control groups of version 2", 77)
    for name in (*DAEMONS, "skep-worker"):
        shutil.copy(BIN / name, tmp_path)
    output_of("cmake", "--install", BUILD, "--prefix", tmp_path / "installed", "--component", "packaging")
    for name in DAEMONS:
        unit = (tmp_path / f"installed/lib/systemd/system/{name}.service").read_text(encoding="utf-8")
        (tmp_path / f"{name}.service").write_text(unit.replace(INSTALLED_BIN + "/", "/usr/bin/"), encoding="utf-8")
    (tmp_path / "sysusers").write_bytes((tmp_path / "installed/lib/sysusers.d/skep.conf").read_bytes())
    (tmp_path / "test.target").write_text("[Unit]\nDefaultDependencies=no\n", encoding="utf-8")
    (tmp_path / "queen.ini").write_text("[queen]\nhttp = 127.0.0.1:7833\n", encoding="utf-8")
    (tmp_path / "hive.ini").write_text('[worker "w"]\ncommand = /usr/bin/skep-test\n', encoding="utf-8")
    (tmp_path / "skep-test").write_text(WORKER, encoding="utf-8")
    (tmp_path / "skep-test").chmod(0o755)
    (tmp_path / "reported").touch()
    (tmp_path / "reported").chmod(0o666)
    tmp_path.chmod(0o755)
    made = Manager(tmp_path, cgroup / f"skep-test-{os.getpid()}", os.path.dirname(re.search(r"--config (\S+)", unit)[1]))
    try:
        if not made.is_running():
            pytest.exit(f"no systemd can be run here: {made.log()}", 77)
        yield made
    finally:
        made.end()


def kill_and_await_next(manager, unit):
    def main_pid():
        return int(manager.run("systemctl", "show", "-P", "MainPID", unit))

    killed = main_pid()
    manager.run("systemctl", "kill", "--kill-whom=main", "-s", "KILL", unit)
    await_that(lambda: main_pid() not in (0, killed), "the next one")
    await_that(lambda: manager.run("systemctl", "is-active", unit, check=False) == "active\n", "that it is ready")


def reported(manager):
    return (manager.folder / "reported").read_text(encoding="ascii").splitlines()


def test_a_killed_queen_is_started_again(manager):
    manager.run("systemctl", "start", "skep-queen")
    kill_and_await_next(manager, "skep-queen")
    manager.run("systemctl", "stop", "skep-queen")
    assert manager.run("systemctl", "show", "-P", "Result", "skep-queen") == "success\n"


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_reload_reaches_the_daemon_behind_its_walls(manager, daemon):
    """And the unit is active again when the daemon has notified that it is ready."""
    manager.run("systemctl", "start", daemon)
    before = manager.run("systemctl", "show", "-P", "MainPID", daemon)
    manager.run("systemctl", "reload", daemon)
    await_that(lambda: manager.run("systemctl", "is-active", daemon, check=False) == "active\n", "the end of the reload")
    assert manager.run("systemctl", "show", "-P", "MainPID", daemon) == before


def test_what_cannot_be_removed_fails_no_stop(manager):
    """A worker's folder that it has closed to itself; what else there is goes."""
    manager.run("systemctl", "start", "skep-hive")
    await_that(lambda: reported(manager), "the worker's first round")
    manager.run("sh", "-c", "cd /var/cache/skep-hive && mkdir shut && touch shut/kept && chmod 555 shut && chown -R skep shut")
    manager.run("systemctl", "stop", "skep-hive")
    assert manager.run("systemctl", "show", "-P", "Result", "-P", "ActiveState", "skep-hive").split() == ["success", "inactive"]
    assert manager.run("find", "/var/cache/skep-hive", "-mindepth", "1", "-printf", "%P\\n").split() == ["shut", "shut/kept"]


def test_a_worker_outlives_its_hive_with_all_that_it_has(manager):
    manager.run("systemctl", "start", "skep-hive")
    first = await_that(lambda: reported(manager)[:1], "the worker's first round")[0]
    kill_and_await_next(manager, "skep-hive")
    already = len(reported(manager))
    await_that(lambda: len(reported(manager)) > already + 10, "more rounds")
    assert set(reported(manager)) == {first} and first.endswith(" ok")
    manager.run("systemctl", "stop", "skep-hive")
    already = len(reported(manager))
    assert not manager.run("find", "/var/cache/skep-hive", "-mindepth", "1"), "a stop leaves nothing in /tmp"
    time.sleep(0.5)
    assert len(reported(manager)) == already, "nor the worker"
