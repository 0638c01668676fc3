"""skep describe and forget: one worker; and how it is named."""

import json

import pytest

from fleet import Queen, Skep
from device import Device


def test_describe_tells_everything(skep, fleet):
    fleet("h1/w1", model_loaded="m", interval_ms=30000, odd={"kept": [1]}, evil="x\u001b[2J")
    done = skep("describe", "w1")
    assert done.returncode == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "● h1/w1"
    assert lines[1].startswith("State: online (heartbeat) since 2")
    assert "Why: a heartbeat arrived; seen or verified, and its lease is not over" in lines
    assert any(line.startswith("Evidence: ") for line in lines)
    assert any(line.startswith("Last seen: ") and line.endswith("one is due every 30s") for line in lines)
    assert [line.split() for line in lines[lines.index("Heartbeat, as received") + 1:]] == [
        ["status", "idle"], ["model_loaded", "m"], ["interval_ms", "30000"], ["odd", '{"kept":[1]}'], ["evil", "x?[2J"]]


def test_describe_tells_why_a_worker_is_lost(skep, fleet):
    fleet("h1/w1").crash()
    skep.wait("w1", "stale")
    output = skep("describe", "h1/w1").stdout
    assert "State: stale (last_will) since" in output
    assert "[will: " in output


@pytest.mark.parametrize("command", ["describe", "forget", "verify"])
@pytest.mark.parametrize("worker, code, says", [
    ("nobody", 4, "no worker nobody"),
    ("h9/w1", 4, "no worker h9/w1"),
    ("w1", 2, "h1/w1, h2/w1"),
    ("a b", 2, "a b"),
    ("h1/", 2, "must be"),
])
def test_a_worker_that_is_not_to_be_found(skep, fleet, command, worker, code, says):
    fleet("h1/w1")
    fleet("h2/w1")
    done = skep(command, worker)
    assert (done.returncode, done.stdout) == (code, "")
    assert all(words in done.stderr for words in says.split(", ")) and done.stderr.count("\n") == 1


def test_forget_removes_what_is_not_online(skep, fleet):
    fleet("h1/w1").leave()
    skep.wait("w1", "offline")
    done = skep("forget", "w1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "skep: w1 is forgotten\n")
    assert skep("ps", "-a", "-o", "name").stdout == ""
    assert skep("forget", "w1").returncode == 4


def test_forget_of_an_online_worker_needs_force(skep, fleet):
    fleet("h1/w1")
    done = skep("forget", "h1/w1")
    assert done.returncode == 6
    assert "--force" in done.stderr
    assert skep("describe", "w1").returncode == 0
    assert skep("forget", "h1/w1", "--force").returncode == 0
    assert skep("describe", "w1").returncode == 4


def test_forget_of_a_hive_is_not_of_a_worker(skep, fleet):
    fleet("hive/w1").leave()
    skep.wait("hive/w1", "offline")
    done = skep("forget", "hive/w1")
    assert done.returncode == 4
    assert "no hive w1" in done.stderr
    assert skep("describe", "hive/w1").returncode == 0


def test_a_queen_with_a_token(broker, root, tmp_path):
    token, wrong = tmp_path / "token", tmp_path / "wrong"
    token.write_text("secret-1\n")
    wrong.write_text("secret-2\n")
    token.chmod(0o600)
    wrong.chmod(0o600)
    queen = Queen(broker, root, "--token-file", str(token))
    skep = Skep(queen.url)
    device = Device(broker.port, root, "h1/w1")
    try:
        device.beat()
        skep.wait("w1")
        device.leave()
        skep.wait("w1", "offline")
        for options in ([], ["--token-file", str(wrong)]):
            done = skep("forget", "w1", *options)
            assert done.returncode == 6
            assert "--token-file" in done.stderr
        done = skep("forget", "w1", "--token-file", str(tmp_path / "absent"))
        assert done.returncode == 2
        assert done.stderr.startswith("skep: --token-file: ")
        assert json.loads(skep("ps", "-a", "-o", "json").stdout)["total"] == 1
        assert skep("forget", "w1", "--token-file", str(token)).returncode == 0
    finally:
        device.end()
        queen.end()
