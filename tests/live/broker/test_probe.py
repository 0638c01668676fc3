"""Engines that somebody else runs, reported by skep-probe as the feed of skep-worker: work that stands still is found, and
what only looks like it is not."""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time

import pytest

import measure
from engine import Engine
from fleet import BIN, LIMIT_S, Program, await_that, clean_environment

STALL_S = 5
LOOKS = ("--every", "100ms", "--interval", "1s", "--timeout", "500ms")
NAMES = {"llama_cpp": "llama.cpp", "tensorrt_llm": "tensorrt-llm"}


class Probed:
    """skep-worker --feed 'skep-probe …'"""

    def __init__(self, broker, root, name, *words):
        hive, worker = name.split("/")
        feed = shlex.join(map(str, (BIN / "skep-probe", *LOOKS, "--stall", f"{STALL_S}s", *words)))
        self.worker = Program(broker.folder, BIN / "skep-worker", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root,
                              "--hive", hive, "--id", worker, "--interval", "5s", "--feed", feed)
        self.worker.start()

    def end(self):
        assert self.worker.end() == 0


@pytest.fixture
def engine():
    engines = []

    def make(kind, mode="idle"):
        engines.append(Engine(kind, mode))
        return engines[-1]
    yield make
    for one in engines:
        one.mode = "dead"


@pytest.fixture
def probed(broker, root, started):
    def make(name, engine):
        metrics = ("--metrics-url", engine.url) if engine.kind == "triton" else ()
        return started(Probed, broker, root, name, *metrics, NAMES.get(engine.kind, engine.kind), engine.url)
    return make


def look(*words, code=None):
    """The line of one look, and what it says beside."""
    done = subprocess.run([BIN / "skep-probe", "--once", "--timeout", "1s", *words], env=clean_environment(), capture_output=True,
                          text=True, timeout=LIMIT_S, check=False)
    assert code is None or done.returncode == code, done
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_work_that_stands_still_and_what_looks_like_it(queen, engine, probed):
    counted = ("llama_cpp", "vllm", "sglang", "triton")
    scenes = {f"e/hung-{kind}": engine(kind, "working") for kind in counted}
    others = [("llama_cpp", "asleep"), ("vllm", "asleep"), ("llama_cpp", "loading"), ("triton", "loading"), ("llama_cpp", "prefill"),
              ("vllm", "prefill"), ("sglang", "prefill"), ("llama_cpp", "deaf"), ("vllm", "deaf"), ("sglang", "deaf"),
              ("vllm", "dead"), ("ollama", "hung"), ("tensorrt_llm", "hung")]
    later = {f"e/{mode}-{kind}": (engine(kind, "working"), mode) for kind, mode in others}
    for name, one in [*scenes.items(), *((name, one) for name, (one, _) in later.items())]:
        probed(name, one)
    queen.await_all([*scenes, *later])
    for kind in counted:
        queen.await_heartbeat(f"e/hung-{kind}", lambda beat: beat["status"] == "busy" and beat["inflight"] > 0 and beat["progress"] > 0)
    for one, mode in later.values():
        one.mode = mode
    hung_at = time.monotonic()
    for one in scenes.values():
        one.mode = "hung"
    for name in scenes:
        worker = queen.await_state(name, "zombie")
        assert worker["cause"] == "stalled"
        measure.lines.append(f"{name}: zombie {time.monotonic() - hung_at:.1f} s after its last step, limit {STALL_S} s")
    # By now the same time has passed for the others.
    for name in later:
        assert queen.worker(name)["state"] == "online", name
        assert "zombie" not in [e["state"] for e in queen.events(name)], name
    for one in scenes.values():
        one.mode = "working"
    queen.await_all(scenes)


def test_the_life_of_an_engine(queen, engine, probed):
    one = engine("llama_cpp", "loading")
    probed("e/life", one)
    queen.await_heartbeat("e/life", lambda beat: beat["status"] == "loading")
    one.mode = "working"
    beat = queen.await_heartbeat("e/life", lambda beat: beat["status"] == "busy" and beat.get("progress"))["heartbeat"]
    assert beat["model_loaded"] == "stand-in" and beat["inflight"] == 2 and beat["metrics"]["slots"] == 4
    one.mode = "dead"
    beat = queen.await_heartbeat("e/life", lambda beat: beat["status"] == "error")["heartbeat"]
    assert beat.get("progress") is None and beat.get("inflight") is None and beat.get("model_loaded") is None
    one.mode = "loading"
    queen.await_heartbeat("e/life", lambda beat: beat["status"] == "loading")
    one.mode = "idle"
    queen.await_heartbeat("e/life", lambda beat: beat["status"] == "idle")
    assert queen.worker("e/life")["state"] == "online"


def test_the_queen_shows_a_feed_that_is_lost(queen, broker, root, started):
    worker = started(Program, broker.folder, BIN / "skep-worker", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root,
                     "--hive", "e", "--id", "unfed", "--feed", "false", "--exec", "--", "sleep", "1000")
    worker.start()
    queen.await_heartbeat("e/unfed", lambda beat: beat.get("feed_lost"))
    assert (queen.worker("e/unfed")["state"], queen.worker("e/unfed")["flags"]) == ("online", ["feed_lost"])


@pytest.mark.parametrize("mode", ("endless", "dripping", "garbage", "headers"))
def test_hostile_answers_do_no_harm(engine, mode):
    for kind in ("sglang", "ollama"):
        one = engine(kind, mode)
        line, said = look(kind, one.url)
        assert line["status"] == ("busy" if mode == "dripping" else "error"), said
        assert line.get("inflight") is None and line.get("version") is None


@pytest.fixture
def full():
    """The port of a listener whose queue is full: a connection to it is neither made nor refused, as by a firewall."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_who_was_never_connected_is_not_busy(full, engine):
    assert look("vllm", f"http://127.0.0.1:{full}", code=3)[0]["status"] == "loading"
    assert look("tcp", f"tcp://127.0.0.1:{full}", code=3)[0]["status"] == "starting"
    assert look("llama.cpp", engine("llama_cpp", "deaf").url, code=0)[0]["status"] == "busy"  # over the connection of before


def test_by_hand(engine):
    one = engine("vllm", "working")
    line, said = look("vllm", one.url, code=0)
    assert line["status"] == "busy" and line["model_loaded"] == "stand-in" and line["queue_depth"] is None and not said
    line, _ = look("prometheus", one.url + "/metrics", "queue_depth=vllm:num_requests_waiting_by_reason",
                   'metrics.awake=vllm:engine_sleep_state{sleep_state="awake"}', code=0)
    assert line["queue_depth"] == 7 and line["metrics"]["awake"] == 1 and line["status"] == "busy"
    line, _ = look("http", one.url + "/v1/models", "model_loaded=/data/0/id", "queue_depth=/data", code=0)
    assert line["model_loaded"] == "stand-in" and line["queue_depth"] == 1
    assert look("http", one.url + "/jobs", "queue_depth=", code=0)[0]["queue_depth"] == 300
    line, said = look("http", one.url + "/nowhere", code=3)
    assert line["status"] == "error" and "HTTP 404" in said
    assert look("tcp", f"tcp://127.0.0.1:{one.port}", code=0)[0]["status"] == "idle"
    one.mode = "dead"
    assert look("tcp", f"tcp://127.0.0.1:{one.port}", code=3)[0]["status"] == "starting"
    assert look("vllm", one.url, code=3)[0]["status"] == "loading"
    assert look("exec", "--", "echo", '{"queue_depth":3}', code=0)[0] == {"status": "idle", "queue_depth": 3}
    limited = look("--stall", "9s", "exec", "--", "printf", r'{}\n{"stall_ms":1}\n{"queue_depth":3, "status":"busy"}', code=0)
    assert limited[0] == {"stall_ms": 9000, "queue_depth": 3, "status": "busy"}
    line, said = look("exec", "--", "/bin/sh", "-c", 'echo \'{"queue_depth":3,"status":"busy"}\'; exit 1', code=3)
    assert line == {"status": "error", "queue_depth": None} and "exit code" in said


# Its end is seen by who traces it, and by its parent only after that: it is killed and stays, as at a disk that hangs.
STAYS = """
import ctypes, os, sys, time
libc, name = ctypes.CDLL(None, use_errno=True), os.getpid()
def note(text):
    with open(sys.argv[1], "a") as notes:
        print(text, file=notes)
note("begun")
libc.prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)  # PR_SET_PTRACER, any
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    if libc.ptrace(0x4206, name, None, None) == 0:  # PTRACE_SEIZE
        note("traced")
    elif ctypes.get_errno() == 1:
        note("denied")
    while not os.path.exists(sys.argv[1] + ".over"):
        time.sleep(0.02)
else:
    time.sleep(100)
"""


def test_a_command_that_cannot_be_killed_is_an_error_in_time(broker, tmp_path):
    notes, over = tmp_path / "notes", tmp_path / "notes.over"
    notes.touch()
    probe = Program(broker.folder, BIN / "skep-probe", "--every", "50ms", "--interval", "100ms", "--timeout", "2s", "exec", "--",
                    sys.executable, "-c", STAYS, notes)
    probe.start(stderr=subprocess.DEVNULL)
    try:
        await_that(lambda: re.search("traced|denied", notes.read_text("ascii")), "a command that stays")
        if "denied" in notes.read_text("ascii"):
            pytest.skip("nobody may trace another process here")
        before = probe.said().count('"error"')
        await_that(lambda: probe.said().count('"error"') >= before + 3, "lines of its error")
        assert "begun" not in notes.read_text("ascii").partition("traced")[2]
        over.touch()
        await_that(lambda: "begun" in notes.read_text("ascii").partition("traced")[2], "the next run")
    finally:
        over.touch()
        assert probe.end() == -15


def test_a_command_is_waited_for_no_longer_than_it_runs():
    assert look("--timeout", "1m", "exec", "--", "/bin/sh", "-c", "echo '{}'; yes '{}' & yes '{}' & sleep 0.2", code=0)[0] == {"status": "idle"}
    line, said = look("exec", "--", "/bin/sh", "-c", "echo '{\"queue_depth\":1}'; sleep 100", code=3)
    assert line["status"] == "error" and line.get("queue_depth") is None and "--timeout" in said


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
def test_a_command_ends_with_its_probe(number, tmp_path):
    notes = tmp_path / "pid"
    with subprocess.Popen([BIN / "skep-probe", "--timeout", "100s", "exec", "--", "/bin/sh", "-c", f"echo $$ >{notes}; sleep 100 | cat"],
                          env=clean_environment(), stdout=subprocess.DEVNULL) as probe:
        leader = await_that(lambda: notes.exists() and notes.read_text("ascii").strip(), "a command")
        probe.send_signal(number)
        assert probe.wait(LIMIT_S) == -number
    await_that(lambda: not re.search("[RSD]", run_states(leader)), "the end of the command")


def run_states(session):
    """The states of the processes of a session, e.g. SSZ."""
    return subprocess.run(["ps", "-o", "state=", "-s", session], capture_output=True, text=True, timeout=LIMIT_S, check=False).stdout


def test_a_reader_that_is_gone_ends_it_at_the_next_look(engine):
    for words in (("ollama", engine("ollama", "idle").url), ("exec", "--", "echo", "{}")):
        with subprocess.Popen([BIN / "skep-probe", "--every", "50ms", "--interval", "1h", *words], env=clean_environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as probe:
            assert "idle" in probe.stdout.readline()
            probe.stdout.close()
            assert probe.wait(LIMIT_S) == 1 and "standard output is closed" in probe.stderr.read()


def test_a_line_for_each_change_and_one_in_an_interval(engine, broker, started):
    one = engine("ollama", "idle")
    probe = Program(broker.folder, BIN / "skep-probe", "--every", "50ms", "--interval", "300ms", "ollama", one.url)
    probe.start(stderr=subprocess.DEVNULL)
    await_that(lambda: len(probe.said().splitlines()) >= 3, "lines without a change")
    one.mode = "dead"
    await_that(lambda: re.search('"status":"error"', probe.said()), "a line of its end")
    lines = probe.said().splitlines()
    assert {json.loads(line)["status"] for line in lines} == {"idle", "error"}
    assert probe.end() == -15


def refused(*words, **variables):
    """The sentence; --check-config has the same."""
    done, checked = (subprocess.run([BIN / "skep-probe", "--once", *more, *words], env={**clean_environment(), **variables},
                                    capture_output=True, text=True, timeout=LIMIT_S, check=False)
                     for more in ((), ("--check-config",)))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", checked.stderr) and checked.returncode == 2, done
    return done.stderr


def test_what_cannot_be_looked_at_is_refused(tmp_path):
    for words, says in ((), "missing ENGINE"), (("vlm", "http://127.0.0.1:1"), "not an engine"), (("vllm",), "missing URL"), \
            (("tcp", "tcp://127.0.0.1"), "tcp://127.0.0.1:5432"), (("tcp", "tcp://[::1]:0"), "tcp://127.0.0.1:5432"), \
            (("exec", "--"), "needs a command"), (("--api-key-file", tmp_path / "none", "vllm", "http://127.0.0.1:1"), "No such file"):
        assert says in refused(*words)
    for option in ("--api-key-file=f", "--api-key-in-clear", "--expect=200", "--model=m", "--metrics-url=http://127.0.0.1:1"):
        assert option.split("=")[0] in refused(option, "exec", "--", "true")


def test_a_key_goes_from_its_file_only(engine, tmp_path):
    secret = tmp_path / "key"
    secret.write_text("not-to-be-shown\n", encoding="ascii")
    secret.chmod(0o600)
    one = engine("ollama", "idle")
    line, said = look("--api-key-file", secret, "ollama", one.url, code=0)
    assert "not-to-be-shown" not in json.dumps(line) + said and one.authorization == "Bearer not-to-be-shown"
    said = refused("--api-key-file", secret, "ollama", "http://192.0.2.1:1")
    assert "in clear" in said and "not-to-be-shown" not in said
    subprocess.run([BIN / "skep-probe", "--once", "ollama", one.url], env={**clean_environment(), "SKEP_TOKEN_FILE": str(secret)},
                   capture_output=True, timeout=LIMIT_S, check=True)
    assert one.authorization is None  # that one is the queen's
