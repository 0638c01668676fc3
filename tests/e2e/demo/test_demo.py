"""scripts/demo as a newcomer runs it. It makes a release build if there is none."""

import os
import pathlib
import re
import signal
import subprocess

from fleet import await_that, is_running

PROJECT = pathlib.Path(__file__).parents[3]
DEMO = PROJECT / "scripts" / "demo"
BUILD_LIMIT_S = 900


def demo(*arguments, folder):
    """With the umask of one who shares files with everybody: what the demo writes must not be open to others."""
    return subprocess.Popen([DEMO, *arguments], umask=0, env={**os.environ, "TMPDIR": str(folder)}, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def processes_of(folder):
    """Those that were started with something in the demo's folder, or that write there."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_text() + os.readlink(process / "fd" / "2")
        except OSError:
            continue
        if str(folder) in about:
            found.append(int(process.name))
    return found


def test_the_scene(tmp_path):
    process = demo("--for", "30s", folder=tmp_path)
    said, _ = process.communicate(timeout=BUILD_LIMIT_S)
    assert process.returncode == 0, said
    for line in (r"demo/hasher: its program was killed \(kill -9\): stale \(process_exited\) after \d+ ms",
                 r"demo/hasher: its hive started it again: online after \d+ ms",
                 r"default/sim-2: killed \(kill -9\), its last will arrived: stale \(last_will\) after \d+ ms",
                 r"default/sim-2: started again: online after \d+ ms"):
        assert re.search(f"^{line}$", said, re.MULTILINE), said
    assert os.listdir(tmp_path) == []
    await_that(lambda: processes_of(tmp_path) == [], "the end of everything")


def test_ctrl_c_twice_leaves_nothing_behind(tmp_path):
    """A terminal sends it to all of the demo's group; before that somebody does what the demo suggests."""
    process = demo(folder=tmp_path)
    said = []
    for line in process.stdout:
        said.append(line)
        if "online" in line and "demo/sleeper" in line:
            break
    else:
        raise AssertionError("".join(said))
    hasher = int(re.search(r"kill -9 (\d+) +# the program", "".join(said))[1])
    assert is_running(hasher)
    for pid in re.findall(r"kill -9 (\d+)", "".join(said)):
        os.kill(int(pid), signal.SIGKILL)
    while "default/sim-2 online -> stale (last_will)" not in said[-1]:
        said.append(process.stdout.readline())
        assert said[-1], "".join(said)
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=BUILD_LIMIT_S)
    assert process.returncode == 130
    assert "Killed" not in "".join(said) + rest, "no words of the shell"
    assert "blind" not in rest, "the broker ends last"
    assert os.listdir(tmp_path) == []
    await_that(lambda: processes_of(tmp_path) == [] and not is_running(hasher), "the end of everything")


def test_a_wrong_option():
    for arguments, says in ((["--for", "soon"], "must be like 20s or 2m"), (["--for"], "needs a value"),
                            (["--help-me"], "no such option")):
        done = subprocess.run([DEMO, *arguments], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
