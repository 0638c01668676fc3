"""skep ps: what it lists, and in which form."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import pytest

from fleet import BIN, LIMIT_S, Broker, Queen, Skep
from device import Device

HOSTILE = "a\u001b[31m\u202eb\u007f"


def rows(text):
    """The first words of each line."""
    return [line.split()[0] for line in text.splitlines()]


def test_a_table_names_workers_alone_in_one_hive(skep, fleet):
    fleet("h1/w10", queue_depth=3, model_loaded="m")
    fleet("h1/w2")
    done = skep("ps")
    assert done.returncode == 0
    assert rows(done.stdout) == ["WORKER", "w2", "w10"]
    header, _, w10 = done.stdout.splitlines()
    assert header.split("  ")[0] == "WORKER"
    assert [word for word in ("STATE", "SINCE", "LAST BEAT", "STATUS", "QUEUE", "MODEL") if word not in header] == []
    assert w10.split()[1] == "online"
    assert w10.split()[-3:] == ["idle", "3", "m"]
    assert done.stderr == ""


def test_a_table_names_workers_with_their_hives(skep, fleet):
    fleet("h2/w1")
    fleet("h1/w1")
    assert rows(skep("ps").stdout) == ["WORKER", "h1/w1", "h2/w1"]


def test_wide_adds_columns(skep, fleet):
    fleet("h1/w1", gpu_utilization=0.45, last_inference_ms=12, version="1.2", host="box")
    header, line = skep("ps", "-o", "wide").stdout.splitlines()
    assert header.split()[-8:] == ["HIVE", "CAUSE", "GPU", "LATENCY", "SKEW", "VERSION", "HOST", "FLAGS"]
    assert line.split()[-8:] == ["h1", "heartbeat", "45%", "12ms", "-", "1.2", "box", "-"]


def test_offline_workers_are_hidden_without_a(skep, fleet):
    fleet("h1/here")
    fleet("h1/gone").leave()
    skep.wait("gone", "offline")
    for form in ("name", "jsonl", "json", "table", "wide"):
        assert "gone" not in skep("ps", "-o", form).stdout, form
        assert "gone" in skep("ps", "-a", "-o", form).stdout, form
    assert rows(skep("ps", "-o", "name", "--state", "offline").stdout) == ["h1/gone"]


def test_an_empty_list_says_so_beside_the_data(skep, fleet):
    done = skep("ps")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "skep: no workers\n")
    fleet("h1/gone").leave()
    skep.wait("gone", "offline")
    done = skep("ps")
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 offline" in done.stderr


@pytest.mark.parametrize("arguments, names", [
    (["--state", "stale"], ["h1/lost"]),
    (["--state", "online"], ["h1/w1", "h2/w1"]),
    (["--hive", "h2"], ["h2/w1"]),
    (["--hive", "h1", "--state", "online"], ["h1/w1"]),
    (["--hive", "nowhere"], []),
])
def test_filters(skep, fleet, arguments, names):
    fleet("h1/w1")
    fleet("h2/w1")
    fleet("h1/lost").crash()
    skep.wait("lost", "stale")
    assert sorted(skep("ps", "-o", "name", *arguments).stdout.split()) == names


def test_json_is_one_list_document(skep, fleet):
    fleet("h1/w1", metrics={"x": 1.5}, odd=[{"kept": True}])
    document = json.loads(skep("ps", "-o", "json").stdout)
    assert (document["total"], document["next"], document["view"]) == (1, None, "live")
    assert document["workers"][0]["heartbeat"] == {"status": "idle", "metrics": {"x": 1.5}, "odd": [{"kept": True}]}


def test_jsonl_is_one_worker_per_line(skep, fleet):
    fleet("h1/w1", note="two\nlines")
    fleet("h1/w2")
    workers = [json.loads(line) for line in skep("ps", "-o", "jsonl").stdout.splitlines()]
    assert {w["worker_id"]: w["heartbeat"].get("note") for w in workers} == {"w1": "two\nlines", "w2": None}


@pytest.mark.parametrize("form", ["table", "wide", "json", "jsonl", "name"])
def test_hostile_text_does_not_reach_the_terminal(skep, fleet, form):
    fleet("h1/w1", model_loaded=HOSTILE, host=HOSTILE, version=HOSTILE)
    output = skep("ps", "-o", form).stdout
    assert [c for c in "\u001b\u202e\u007f" if c in output] == []
    if form == "jsonl":
        assert json.loads(output)["heartbeat"]["model_loaded"] == HOSTILE


def test_a_list_longer_than_a_page_is_whole(skep, fleet, broker, root):
    count = 2500
    device = Device(broker.port, root, "h1/many")
    for i in range(count):
        device.client.publish(f"{root}/hive/h1/worker/w{i}/heartbeat", '{"status":"idle"}', qos=0)
    device.publish("heartbeat", '{"status":"idle"}')
    skep.wait("many")
    device.end()
    names = skep("ps", "-o", "name").stdout.split()
    assert len(names) == len(set(names)) == count + 1
    assert json.loads(skep("ps", "-o", "json").stdout)["total"] == count + 1
    assert len(skep("ps").stdout.splitlines()) == count + 2


def on_terminal(skep, arguments, columns=0, **environment):
    """What `skep` prints on a terminal of so many columns (0: one that does not know)."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([BIN / "skep", *arguments], stdout=its, env={**skep.environment, **environment}):
        os.close(its)
        output = b""
        try:
            while chunk := os.read(ours, 65536):
                output += chunk
        except OSError:  # how Linux says that nobody has the other end any more
            pass
    os.close(ours)
    return output.decode()


@pytest.mark.parametrize("why, arguments, environment, coloured", [
    ("a terminal", [], {"TERM": "xterm"}, True),
    ("an empty NO_COLOR is none", [], {"TERM": "xterm", "NO_COLOR": ""}, True),
    ("NO_COLOR", [], {"TERM": "xterm", "NO_COLOR": "1"}, False),
    ("a terminal that cannot", [], {"TERM": "dumb"}, False),
    ("asked not to", ["--no-color"], {"TERM": "xterm"}, False),
    ("data has no colours", ["-o", "jsonl"], {"TERM": "xterm"}, False),
])
def test_colours(skep, fleet, why, arguments, environment, coloured):
    fleet("h1/w1")
    output = on_terminal(skep, ["ps", *arguments], **environment)
    assert "online" in output
    assert ("\033[32monline\033[0m" in output) == coloured, why


ROW = "gpu-7   stale   2m         2m         error       9  llama"


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("arguments", [["ps"], ["ps", "-o", "wide"], ["describe", "w1"], ["events"]])
def test_received_text_cannot_look_like_a_row(skep, fleet, arguments, columns):
    """Whatever it is filled with, it does not wrap into the beginning of a line."""
    for pad in range(columns):
        text = " " * pad + ROW
        device = fleet("h1/w1") if pad == 0 else device
        if pad % 8 == 0:
            device.beat(model_loaded=text, host=text, version=text, status="idle")
            output = on_terminal(skep, arguments, columns, NO_COLOR="1").replace("\r", "")
            assert max(len(line) for line in output.splitlines()) <= columns
            assert [line for line in output.splitlines() if line.startswith("gpu-7")] == []


def test_a_table_in_a_pipe_is_whole_unless_it_has_columns(skep, fleet):
    fleet("h1/w1", model_loaded="m" * 200)
    assert "m" * 200 in skep("ps").stdout
    skep.environment["COLUMNS"] = "80"
    assert max(len(line) for line in skep("ps").stdout.splitlines()) == 80


def test_a_blind_queen_is_warned_of(tmp_path, root):
    broker = Broker(tmp_path)
    queen = Queen(broker, root)
    skep = Skep(queen.url)
    device = Device(broker.port, root, "h1/w1")
    try:
        device.beat()
        skep.wait("w1")
        watch = skep.start("ps", "--watch", "-o", "jsonl")
        assert json.loads(watch.stdout.readline())["worker_id"] == "w1"
        broker.end()
        assert "blind" in watch.stderr.readline()
        done = skep("ps")
        assert done.returncode == 0
        assert "the queen is blind" in done.stderr
        assert rows(done.stdout) == ["WORKER", "w1"]
        assert json.loads(skep("ps", "-o", "json").stdout)["view"] == "blind"
    finally:
        watch.kill()
        watch.communicate(timeout=LIMIT_S)
        device.end()
        queen.end()
        broker.end()
