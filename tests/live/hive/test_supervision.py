"""Workers that end, in every way, under a hive."""

import os
import signal
import urllib.request

import pytest

from descriptors import links_of, sockets_of
from fleet import LIMIT_S, await_that, is_running
from hive import Hive, section


def test_a_crash_is_told_and_repaired(hive, watched, listener, queen):
    program = watched("w1")
    hive = hive(section(program))
    queen.await_state("hive-a/w1")
    first, _ = program.await_start()
    session = hive.witness("w1")["session"]
    os.kill(first, signal.SIGSEGV)
    told, _ = listener.await_document(hive.topic("w1"), state="backoff")
    assert told["last_exit"]["signal"] == "SIGSEGV" and told["last_exit"]["code"] == 139
    assert told["last_exit"]["session"] == session and told["last_exit"]["asked_for"] is False
    assert told["restart_in_ms"] == 1000 and told["pid"] is None
    verdict, _ = listener.await_document(f"{hive.root}/queen/queen/verdict/hive-a/w1", state="stale",
                                         cause="process_exited")
    assert verdict["evidence"]["exit"]["signal"] == "SIGSEGV"
    program.await_start(2)
    fresh = hive.await_witness("w1", "running", restarts=1)
    assert fresh["session"] != session
    await_that(lambda: queen.worker("hive-a/w1")["session"] == fresh["session"], "the new session at the queen")
    queen.await_state("hive-a/w1")


def test_a_killed_agent_leaves_nothing_behind(hive, watched):
    """The program dies with its agent, the process in another group by the sweep; one start follows."""
    program = watched("w1")
    hive = hive(section(program))
    first = program.await_start()
    os.kill(hive.witness("w1")["pid"], signal.SIGKILL)
    witness = hive.await_witness("w1", "running", restarts=1)
    second = program.await_start(2)
    assert not any(map(is_running, first)) and all(map(is_running, second))
    assert witness["last_exit"]["signal"] == "SIGKILL"
    assert len(program.starts()) == 2


def test_a_worker_inherits_nothing(hive, queen, tmp_path):
    """Neither what its agent has open nor what the hive has: with a socket at the broker it would speak as the hive."""
    out = tmp_path / "descriptors"
    hive = hive(f'[worker "w1"]\ncommand = sh -c "sleep 2; ls -l /proc/self/fd > {out}.new; mv {out}.new {out}; sleep 100"\n')
    queen.await_state("hive-a/w1")
    agent = hive.witness("w1")["pid"]
    assert sockets_of(agent) and sockets_of(hive.process.pid)
    assert not sockets_of(agent) & sockets_of(hive.process.pid)
    await_that(out.exists, "the worker's list")
    numbers = [line.split()[-3] for line in out.read_text(encoding="ascii").splitlines() if " -> " in line]
    assert numbers == ["0", "1", "2", "3"], "the last one is of ls itself"


def test_a_stopped_agent_can_be_ended(hive, watched, broker):
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    os.kill(hive.witness("w1")["pid"], signal.SIGSTOP)
    hive.ask("worker.stop", '{"worker_id":"w1"}', broker.port)
    hive.await_witness("w1", "stopped")


def test_a_large_roster_is_started_while_the_hive_answers(hive):
    """A start takes milliseconds: one after the other without a break they would keep a hive silent for seconds."""
    count = 200
    hive = hive("".join(f'[worker "w{number}"]\ncommand = sleep infinity\n' for number in range(count)))

    def running():
        return hive.get("/health")["checks"]["workers:running"][0]["observedValue"]
    assert running() < count
    await_that(lambda: running() == count, "the last of them")


@pytest.mark.parametrize("policy, how, state", [
    ("always", signal.SIGTERM, "running"),
    ("on-failure", signal.SIGKILL, "running"),
    ("never", signal.SIGKILL, "exited"),
])
def test_restart_policies(hive, watched, policy, how, state):
    program = watched("w1")
    hive = hive(section(program, restart=policy))
    os.kill(program.await_start()[0], how)
    witness = hive.await_witness("w1", state, restarts=1 if state == "running" else 0)
    assert witness["last_exit"]["signal"] == how.name


def test_on_failure_leaves_a_good_end_alone(hive):
    hive = hive('[worker "w1"]\ncommand = true\nrestart = on-failure\n')
    witness = hive.await_witness("w1", "exited", restarts=0)
    assert witness["last_exit"]["code"] == 0 and witness["restart_in_ms"] is None


@pytest.mark.parametrize("command, code, reason", [
    ("no-such-command-here", 127, "the command was not found (exit code 127)"),
    ("/etc/passwd", 126, "the command cannot be executed (exit code 126)"),
])
def test_a_command_that_cannot_be_run(hive, command, code, reason):
    hive = hive(f'[worker "w1"]\ncommand = {command}\n')
    witness = hive.await_witness("w1", "failed", restarts=1, reason=reason)
    assert witness["last_exit"]["code"] == code
    assert 0 < witness["restart_in_ms"] <= 2000  # the second pause: no busy loop
    health = hive.get("/health")
    assert health["checks"]["workers:failed"] == [{"observedValue": 1, "status": "warn"}]
    assert (health["status"], health["description"]) == ("warn", "hive: workers cannot be started")


def test_a_program_that_exits_with_127_has_run(hive):
    hive = hive('[worker "w1"]\ncommand = sh -c "exit 127"\n')
    witness = hive.await_witness("w1", "backoff", reason=None)
    assert witness["last_exit"]["code"] == 127


def test_a_directory_that_does_not_exist(hive):
    hive = hive('[worker "w1"]\ncommand = true\ndirectory = /no/such/folder\n')
    witness = hive.await_witness("w1", "failed")
    assert witness["reason"] == "directory /no/such/folder: No such file or directory"
    assert witness["last_exit"] is None and witness["pid"] is None


def test_killed_agents_leave_no_sockets_behind(hive, tmp_path, monkeypatch):
    """Nor do they take those of the living."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir(mode=0o755)  # commands of root may become other users, who must reach it
    hive = hive("".join(f'[worker "{name}"]\ncommand = sleep 600\n' for name in ("w1", "w2")))
    for name in ("w1", "w2"):
        hive.await_witness(name, "running")
    await_that(lambda: len(list((tmp_path / "run").glob("*/notify"))) == 2, "both sockets")
    kept = set((tmp_path / "run").glob("*/notify"))
    os.kill(hive.witness("w1")["pid"], signal.SIGKILL)
    hive.await_witness("w1", "running", restarts=1)
    await_that(lambda: len(now := set((tmp_path / "run").glob("*/notify"))) == 2 and now != kept, "the next socket alone")
    assert len(set((tmp_path / "run").glob("*/notify")) & kept) == 1


def test_environment_and_directory(hive, tmp_path, monkeypatch):
    """What the worker gets, and what is not its business."""
    out = tmp_path / "out"
    hive = hive(f'[worker "w1"]\ncommand = sh -c "pwd >{out} && env >>{out}"\nrestart = never\n'
                f"directory = {tmp_path}\nenvironment = MODEL=llama 3\nenvironment = PATH=/usr/bin:/bin\n")
    hive.await_witness("w1", "exited")
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == str(tmp_path)
    assert "MODEL=llama 3" in lines and "PATH=/usr/bin:/bin" in lines
    assert not any(line.startswith(("SKEP_SESSION=", "SKEP_HTTP=", "SKEP_CONFIG=")) for line in lines)
    assert sum(line.startswith("PATH=") for line in lines) == 1
    assert any(line.startswith("NOTIFY_SOCKET=") for line in lines)  # the agent's


def test_agents_inherit_nothing(broker, root, watched, started):
    """What the hive was handed by who started it; a worker that outlives the hive would hold it open."""
    program = watched("w1")
    hive = started(Hive, broker, root, section(program))
    read, write = os.pipe()
    hive.run(pass_fds=[write])
    program.await_start()
    pipe = f"pipe:[{os.fstat(write).st_ino}]"
    os.close(read)
    os.close(write)

    assert pipe in links_of(hive.process.pid)
    assert pipe not in links_of(hive.witness("w1")["pid"])
    hive.end()


def test_agents_do_not_hold_the_hives_link(hive, watched):
    """Neither those that start while it connects, nor those that start again later: with it, nobody would see it die."""
    names = [f"w{i}" for i in range(10)]
    programs = {name: watched(name) for name in names}
    hive = hive("".join(section(program, name) for name, program in programs.items()))
    for name in names:
        hive.await_witness(name, "running")
    os.kill(programs["w0"].await_start()[0], signal.SIGKILL)
    hive.await_witness("w0", "running", restarts=1)
    of_hive = sockets_of(hive.process.pid)
    assert of_hive
    agents = [hive.witness(name)["pid"] for name in names]
    await_that(lambda: not any(sockets_of(pid) & of_hive for pid in agents), "agents with nothing of the hive's")


def test_agents_answer_health_where_they_are_told_to(hive, watched, listener):
    programs = [watched("w1"), watched("w2")]
    hive = hive("[agent]\nhttp = 127.0.0.1:0\n" + "".join(section(p, p.folder.name) for p in programs))
    endpoints = {listener.await_document(hive.topic(p.folder.name, "presence"), presence="online")[0]["endpoint"]
                 for p in programs}
    assert len(endpoints) == 2
    for endpoint in endpoints:
        with urllib.request.urlopen(f"{endpoint}/health", timeout=LIMIT_S) as answer:
            assert answer.status == 200


def test_the_hive_tells_of_itself(hive, listener):
    hive = hive("")
    presence, _ = listener.await_document(f"{hive.root}/hive/hive-a/presence", presence="online")
    assert presence["rpc"] is True and presence["endpoint"] == hive.url and presence["pid"] == hive.process.pid
    beat, _ = listener.await_document(f"{hive.root}/hive/hive-a/heartbeat", status="ready")
    assert beat["session"] == presence["session"] and beat["interval_ms"] == 10000
    assert beat["cpus"] >= 1 and 0 < beat["memory_available_bytes"] <= beat["memory_total_bytes"]
    assert beat["load1"] >= 0 and beat["workers"] == {"total": 0, "running": 0, "exited": 0, "failed": 0}
    assert hive.end() == 0
    leaving, _ = listener.await_document(f"{hive.root}/hive/hive-a/presence", presence="offline")
    assert leaving["cause"] == "goodbye" and leaving["session"] == presence["session"]


def test_a_killed_hive_is_told_by_its_will(hive, listener):
    hive = hive("")
    listener.await_document(f"{hive.root}/hive/hive-a/presence", presence="online")
    hive.kill()
    will, _ = listener.await_document(f"{hive.root}/hive/hive-a/presence", presence="stale")
    assert will["cause"] == "connection_lost" and will["connection"] == 1
