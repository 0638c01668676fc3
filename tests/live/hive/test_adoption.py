"""A hive that is killed, and its successor with the same --state-dir."""

import errno
import json
import os
import re
import resource
import signal
import subprocess
import urllib.error

import pytest

from environments import PIDFDS_AND_RANGES, without
from fleet import BIN, LIMIT_S, await_that, clean_environment, is_running, stop
from hive import Hive, section

EXIT_USAGE, EXIT_REFUSED = 2, 6


@pytest.fixture
def killed(hive, broker, root, started, tmp_path):
    """killed(text) is a hive that ran and was killed; killed.successor(text) runs another one."""
    def make(text, ready, inside=()):
        first = hive(text, "--state-dir", tmp_path / "state", inside=inside)
        ready(first)
        first.kill()

        def successor(text=text):
            return started(Hive, broker, root, text, "--state-dir", tmp_path / "state", inside=inside).run()

        first.successor = successor
        return first
    return make


@pytest.fixture
def stranger():
    """A session leader, as an agent is, that no hive has started."""
    process = subprocess.Popen(["sleep", "infinity"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def running(*names):
    def ready(hive):
        for name in names:
            hive.await_witness(name, "running")
    return ready


with_and_without_pidfds = pytest.mark.parametrize("inside", [(), without(errno.ENOSYS, *PIDFDS_AND_RANGES)], ids=["", "old"])


@with_and_without_pidfds
def test_no_worker_restarts(killed, watched, listener, inside):
    programs = {name: watched(name) for name in ("w1", "w2", "w3")}
    text = "".join(section(program, name) for name, program in programs.items())
    first = killed(text, running(*programs), inside)
    told = {}
    for name, program in programs.items():
        program.await_start()
        told[name], _ = listener.await_document(first.topic(name), state="running")
    second = first.successor()
    for name, program in programs.items():
        witness = second.await_witness(name, "running", restarts=0)
        for field in ("pid", "session", "started_at"):
            assert witness[field] == told[name][field]
        assert len(program.starts()) == 1 and len(program.alive()) == 2
    assert second.end() == 0
    assert not any(program.alive() for program in programs.values())


@with_and_without_pidfds
def test_an_adopted_worker_is_supervised(killed, watched, inside):
    program = watched("w1")
    second = killed(section(program), running("w1"), inside).successor()
    first_pids = program.await_start()
    agent = second.await_witness("w1", "running")["pid"]
    os.kill(agent, signal.SIGKILL)
    witness = second.await_witness("w1", "running", restarts=1)
    assert witness["last_exit"]["code"] is None and witness["last_exit"]["signal"] is None  # not our child
    assert witness["last_exit"]["pid"] == agent
    program.await_start(2)
    assert not any(map(is_running, first_pids))


def test_an_adopted_worker_is_stopped_without_a_descriptor(killed, watched):
    """That of its agent is held since it was adopted."""
    program = watched("w1")
    second = killed(section(program), running("w1")).successor()
    program.await_start()
    second.await_witness("w1", "running")
    limits = resource.prlimit(second.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(second.process.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
    second.send(signal.SIGTERM)
    await_that(lambda: not program.alive(), "the end of the program")
    resource.prlimit(second.process.pid, resource.RLIMIT_NOFILE, limits)
    assert second.process.wait(LIMIT_S) == 0
    assert "cannot signal an agent" not in second.said()


def test_what_ended_meanwhile_is_started_again(killed, watched):
    program = watched("w1")
    seen = {}

    def ready(hive):
        seen.update(hive.await_witness("w1", "running"))
        program.await_start()

    first = killed(section(program), ready)
    program_pid, companion = program.starts()[0]
    guard = parent_of(program_pid)
    stop(guard)
    os.kill(seen["pid"], signal.SIGKILL)
    os.kill(guard, signal.SIGKILL)
    await_that(lambda: not is_running(program_pid), "the end of the program with its guard")
    assert is_running(companion)  # whose parent it was: left to the successor
    witness = first.successor().await_witness("w1", "running", restarts=1)
    assert witness["last_exit"]["session"] == seen["session"]
    assert not is_running(companion)


def test_killed_before_it_wrote_down_what_it_started(broker, root, watched, started, tmp_path):
    """Its successor knows nothing of that agent, which therefore must not have begun, nor stay."""
    program = watched("w1")
    state = tmp_path / "state"
    state.mkdir()
    os.mkfifo(state / ".w1.agent")  # where the record is written first: nobody reads it, so the hive stands still there
    first = started(Hive, broker, root, section(program), "--state-dir", state)
    first.start()
    agent = await_that(lambda: children(first.process.pid), "an agent")[0]
    first.kill()
    await_that(lambda: not is_running(agent), "the end of the agent")
    os.unlink(state / ".w1.agent")
    second = started(Hive, broker, root, section(program), "--state-dir", state).run()
    program.await_start()
    assert "adopted" not in second.said()
    assert second.end() == 0
    assert len(program.starts()) == 1


def test_a_finished_job_is_not_run_again(killed, tmp_path):
    ran = tmp_path / "ran"
    job = f'[worker "w1"]\ncommand = sh -c "echo run >>{ran}; exit 3"\nrestart = never\n'

    def finished(hive):
        hive.await_witness("w1", "exited")
        await_that(lambda: (tmp_path / "state" / "w1.agent").read_text(encoding="ascii").startswith("skep-exit "), "the record")

    first = killed(job, finished)
    second = first.successor()
    witness = second.await_witness("w1", "exited", pid=None)
    assert witness["last_exit"]["code"] == 3 and witness["last_exit"]["session"] == witness["session"]
    assert second.end() == 0
    third = first.successor(job + "interval = 7s\n")  # another definition
    third.await_witness("w1", "exited", restarts=1)
    assert ran.read_text(encoding="ascii") == "run\n" * 2


def test_a_start_that_cannot_be_recorded_does_not_happen(broker, root, watched, started, tmp_path):
    """Or the hive's successor would start a second one."""
    program = watched("w1")
    state = tmp_path / "state"
    (state / ".w1.agent").mkdir(parents=True)  # where the record is written first
    hive = started(Hive, broker, root, section(program, restart="never"), "--state-dir", state)
    hive.start()
    await_that(lambda: "msg=started" in hive.said(), "its start")
    hive.url = "http://127.0.0.1:" + re.search(r"msg=started .*\bport=(\d+)", hive.said())[1]
    assert ".w1.agent" in hive.await_witness("w1", "failed")["reason"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        hive.get("/health")
    assert refused.value.code == 503 and "--state-dir" in json.loads(refused.value.read())["description"]
    assert not program.starts()
    (state / ".w1.agent").rmdir()
    hive.await_witness("w1", "running", restarts=0)
    assert hive.get("/health")["status"] == "pass"
    assert not [child for child in children(hive.process.pid) if child != hive.witness("w1")["pid"]]


def test_what_changed_meanwhile_is_changed(killed, watched):
    """The one that stays is left alone, the other definition is started anew, the one not listed is ended."""
    stays, changes, goes, comes = (watched(name) for name in ("stays", "changes", "goes", "comes"))
    before = section(stays, "stays") + section(changes, "changes") + section(goes, "goes")
    first = killed(before, running("stays", "changes", "goes"))
    for program in (stays, changes, goes):
        program.await_start()
    after = section(stays, "stays") + section(changes, "changes", interval="7s") + section(comes, "comes")
    second = first.successor(after)
    changes.await_start(2)
    comes.await_start()
    await_that(lambda: not goes.alive(), "the end of the one that is not listed")
    await_that(lambda: second.witness("goes") is None, "its witness to go")
    assert len(stays.starts()) == 1 and len(stays.alive()) == 2
    assert len(changes.starts()) == 2 and len(changes.alive()) == 2


def test_a_stopped_hive_leaves_nothing_to_adopt(hive, watched, tmp_path, broker, root, started):
    program = watched("w1")
    first = hive(section(program), "--state-dir", tmp_path / "state")
    program.await_start()
    assert first.end() == 0
    assert sorted(file.name for file in (tmp_path / "state").iterdir()) == ["lock"]
    second = started(Hive, broker, root, section(program), "--state-dir", tmp_path / "state").run()
    program.await_start(2)
    assert "adopted" not in second.said()


def test_records_of_an_earlier_boot_are_dropped(hive, watched, tmp_path):
    program = watched("w1")
    state = tmp_path / "state"
    state.mkdir()
    (state / "w1.agent").write_text(f"skep-agent 1 another-boot {os.getpid()} 1 0123456789abcdef 0123456789abcdef 0 3\n",
                                    encoding="ascii")
    first = hive(section(program), "--state-dir", state)
    program.await_start()
    assert first.await_witness("w1", "running")["restarts"] == 0


@pytest.mark.parametrize("left", [b"", b"\0" * 120])
def test_records_that_the_machine_lost_are_dropped(hive, watched, tmp_path, left):
    """They are not synced, so a power cut may leave a file without its bytes."""
    program = watched("w1")
    state = tmp_path / "state"
    state.mkdir()
    (state / "w1.agent").write_bytes(left)
    first = hive(section(program), "--state-dir", state)
    program.await_start()
    assert first.await_witness("w1", "running")["restarts"] == 0


def test_a_pid_that_is_somebody_elses_now_is_left_alone(hive, watched, tmp_path, stranger):
    """The record names a session leader by its pid, but not by its start."""
    boot = open("/proc/sys/kernel/random/boot_id", encoding="ascii").read().strip()
    program = watched("w1")
    state = tmp_path / "state"
    state.mkdir()
    (state / "w1.agent").write_text(f"skep-agent 1 {boot} {stranger.pid} 1 0123456789abcdef 0123456789abcdef 0 3\n",
                                    encoding="ascii")
    hive(section(program), "--state-dir", state)
    program.await_start()
    assert stranger.poll() is None


def test_a_child_of_a_killed_hive_is_waited_for(hive, tmp_path):
    """It has all that the hive had open, for as long as it executes no program of its own."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "lock").touch(0o600)
    child = subprocess.Popen(["flock", state / "lock", "sh", "-c", "echo; sleep 0.2"], stdout=subprocess.PIPE)
    child.stdout.readline()
    hive("", "--state-dir", state)
    assert child.wait(LIMIT_S) == 0


def test_one_hive_a_folder(hive, watched, tmp_path, broker, root, started):
    hive("", "--state-dir", tmp_path / "state")
    second = started(Hive, broker, root, "", "--state-dir", tmp_path / "state", name="hive-b")
    second.start()
    assert second.process.wait(LIMIT_S) == EXIT_REFUSED
    assert "another hive uses it" in second.said()


@pytest.mark.parametrize("kind", ("of somebody else", "that all may write", "that is a link"))
def test_a_folder_is_refused(kind, hive, tmp_path, broker, root, started):
    """Whoever can write there would have files of the hive's user overwritten and his processes ended."""
    state, target = tmp_path / "state", tmp_path / "target"
    state.mkdir()
    target.write_text("precious\n", encoding="ascii")
    (state / ".w1.agent").symlink_to(target)
    if kind == "that all may write":
        state.chmod(0o777)
    elif kind == "that is a link":
        state = state.rename(tmp_path / "elsewhere")
        (tmp_path / "state").symlink_to(state)
        state = tmp_path / "state"
    elif os.getuid() == 0:
        os.chown(state, 2001, -1)
    else:
        pytest.skip("only root can give a folder away")
    second = started(Hive, broker, root, '[worker "w1"]\ncommand = sleep 1000\n', "--state-dir", state)
    second.start()
    assert second.process.wait(LIMIT_S) == EXIT_USAGE
    assert f"--state-dir {state}: " in second.said()
    assert target.read_text(encoding="ascii") == "precious\n"


def test_a_volume_is_opened_to_its_group(hive, watched, tmp_path):
    """As Kubernetes does it with fsGroup, recursively. What the group may have written is not believed."""
    program = watched("w1")
    state = tmp_path / "state"
    first = hive(section(program), "--state-dir", state)
    program.await_start()
    first.end()
    (state / "w1.agent").write_text("1\n", encoding="ascii")
    (state / ".w1.agent").write_text("1\n", encoding="ascii")
    for path in state.iterdir():
        path.chmod(0o660)
    state.chmod(0o2770)
    second = hive(section(program), "--state-dir", state)
    assert second.await_witness("w1", "running")["restarts"] == 0
    assert "w1.agent: its group could write it (mode 0660): the agent that it names is not adopted" in second.said()
    assert not [path for path in (state, *state.iterdir()) if path.stat().st_mode & 0o022]


def test_a_record_that_nobody_wrote_is_refused(hive, tmp_path, broker, root, started):
    state = tmp_path / "state"
    state.mkdir()
    (state / "w1.agent").write_text("4711\n", encoding="ascii")
    second = started(Hive, broker, root, "", "--state-dir", state)
    second.start()
    assert second.process.wait(LIMIT_S) == EXIT_USAGE
    assert "w1.agent is not as a hive writes it" in second.said()


@pytest.mark.parametrize("why, spoil, says", [
    ("none yet", lambda state: None, None),
    ("no parent", lambda state: state.parent.rename(state.parent.with_name("away")), "No such file or directory"),
    ("its group may write, which a start mends", lambda state: state.mkdir() or state.chmod(0o770), None),
    ("others may write", lambda state: state.mkdir() or state.chmod(0o777), "chmod go-w "),
    ("a file", lambda state: state.write_text("", encoding="ascii"), "no folder"),
    ("a lock that others may write", lambda state: state.mkdir() or (state / "lock").touch() or (state / "lock").chmod(0o666),
     "lock: others than its owner may write it"),
    ("a record of nobody", lambda state: state.mkdir() or (state / "w1.agent").write_text("4711\n", encoding="ascii"),
     "w1.agent is not as a hive writes it"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_check_config_reads_the_state_dir_and_makes_nothing(tmp_path, why, spoil, says):
    state = tmp_path / "parent" / "state"
    state.parent.mkdir()
    spoil(state)
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run([BIN / "skep-hive", "--id", "h", "--state-dir", state, "--check-config"], capture_output=True,
                          text=True, timeout=LIMIT_S, env=clean_environment())
    assert sorted(tmp_path.rglob("*")) == before
    assert done.returncode == (2 if says else 0), why
    assert (says or "") in done.stderr and (not says or f"--state-dir {state}" in done.stderr or f"{state}/" in done.stderr)


def test_check_config_is_no_matter_of_who_runs(hive, watched, tmp_path):
    """The state directory of a hive that runs is a good one, also for a reload."""
    program = watched("w1")
    running = hive(section(program), "--state-dir", tmp_path / "state")
    program.await_start()
    done = subprocess.run([*running.arguments, "--check-config"], capture_output=True, text=True, timeout=LIMIT_S,
                          env=clean_environment())
    assert (done.returncode, done.stdout) == (0, "configuration is valid\n"), done.stderr
    running.send(signal.SIGHUP)
    await_that(lambda: "configuration reloaded" in running.said(), "the reload")
