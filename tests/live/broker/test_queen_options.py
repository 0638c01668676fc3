"""How the daemons are called, and what the queen does for it."""

import json
import re
import resource
import socket
import subprocess
import urllib.error
import urllib.request
from datetime import datetime, timezone

import pytest

from fleet import BIN, LIMIT_S, Queen, await_that, clean_environment


def run(program, *arguments):
    return subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=LIMIT_S,
                          env=clean_environment(), stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("why, program, arguments, says", [
    ("reachable from elsewhere", "skep-queen", ["--http", "0.0.0.0:0"], ["--http", "0.0.0.0:0", "--token-file"]),
    ("every address", "skep-queen", ["--http", "[::]:0"], ["--http", "[::]:0", "--token-file"]),
    ("no port", "skep-queen", ["--http", "localhost"], ["--http", "localhost", "port is missing"]),
    ("no host", "skep-queen", ["--http", "99"], ["--http", "'99'", "port is missing"]),
    ("no such port", "skep-queen", ["--http", "127.0.0.1:99999"], ["--http", "127.0.0.1:99999", "65535"]),
    ("no such port, with a token", "skep-hive", ["--http", "[::]:x", "--token-file", "/x"], ["--http", "[::]:x", "number"]),
    ("a name with a port", "skep-queen", ["--http-host", "proxy.example:8443"], ["--http-host", "'proxy.example:8443'"]),
    ("a name with a wildcard", "skep-hive", ["--http-host", "a, *.b"], ["--http-host", "'*.b'", "without"]),
    ("no such option", "skep-queen", ["--colour"], ["--colour"]),
    ("a word without its option", "skep-queen", ["127.0.0.1:0"], ["127.0.0.1:0", "unexpected argument"]),
    ("no duration", "skep-queen", ["--stale-after", "90"], ["--stale-after", "90", "30s"]),
    ("too short", "skep-queen", ["--stale-after", "1s"], ["--stale-after", "1s", "3s"]),
    ("no number", "skep-queen", ["--max-workers", "many"], ["--max-workers", "many"]),
    ("no id", "skep-queen", ["--id", "a/b"], ["--id", "a/b"]),
    ("no broker", "skep-queen", ["--broker", "http://x"], ["--broker", "http://x", "mqtt://"]),
    ("no network", "skep-queen", ["--verify-http", "on"], ["--verify-http", "'on'", "off", "10.0.0.0/8"]),
    ("a host for a network", "skep-queen", ["--verify-http", "::1,10.0.0.1/8"], ["--verify-http", "10.0.0.1/8", "first 8"]),
    ("no network of endpoints", "skep-queen", ["--sd-endpoints", "10.0.0.1/8"], ["--sd-endpoints", "10.0.0.1/8", "first 8"]),
    ("no number of series", "skep-queen", ["--metrics-max-series", "all"], ["--metrics-max-series", "all"]),
    ("a root with a wildcard", "skep-queen", ["--root", "skep/#"], ["root"]),
    ("no such file", "skep-queen", ["--config", "/nowhere/queen.ini"], ["/nowhere/queen.ini"]),
    ("a list that is not there", "skep-queen", ["--expect", "/nowhere/list"], ["/nowhere/list"]),
    ("a token that is not there", "skep-queen", ["--token-file", "/nowhere/token"], ["/nowhere/token"]),
    ("no name", "skep-worker", ["--simulate"], ["--id"]),
    ("no source", "skep-worker", ["--id", "w"], ["--exec", "--stdin", "--simulate"]),
    ("two sources", "skep-worker", ["--id", "w", "--stdin", "--simulate"], ["--exec", "--stdin", "--simulate"]),
    ("too long a pause", "skep-worker", ["--id", "w", "--simulate", "--interval", "2d"], ["--interval", "2d", "1d"]),
    ("no session", "skep-worker", ["--id", "w", "--simulate", "--session", "xyz"], ["--session", "xyz", "16"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_wrong_use_is_one_sentence(why, program, arguments, says):
    done = run(program, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), why
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"{program}: "), why
    assert [word for word in says if word not in done.stderr] == [], why


def settings(*arguments):
    done = run("skep-queen", "--print-config", *arguments)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("#")]


def test_what_print_config_says_is_a_file_for_config(tmp_path):
    given = ["--id", "q2", "--stale-after", "2m", "--on-event", "grep '#' # x", "--max-state", "1GiB",
             "--verify-http", "10.0.0.0/8,::1", "--sd-endpoints", "192.0.2.0/24", "--metrics-max-series", "7"]
    ini = tmp_path / "queen.ini"
    ini.write_text(run("skep-queen", "--print-config", *given).stdout, encoding="utf-8")
    assert run("skep-queen", "--config", ini, "--check-config").returncode == 0
    assert settings("--config", ini) == settings(*given) != settings()


def test_identity_a_second_queen_takes_nothing(broker, root, started):
    """Also one that is killed leaves an id that is free at once, for the broker publishes its will."""
    first = started(Queen, broker, root)
    second = run("skep-queen", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root, "--http", "127.0.0.1:0")
    assert second.returncode == 6
    with open("/proc/sys/kernel/hostname", encoding="utf-8") as hostname:
        assert f"another queen holds the id queen (host {hostname.read().strip()}" in second.stderr
    assert f"pid {first.process.pid}): stop that one, or give this one another --id" in second.stderr
    assert first.ask("/health")[0] == 200 and "lost the" not in first.said()
    first.process.kill()
    first.process.wait(LIMIT_S)
    assert started(Queen, broker, root).ask("/health")[0] == 200


def test_each_event_once_for_the_command(broker, root, started, agent):
    out = broker.folder / f"events-{root.partition('/')[0]}"
    queen = started(Queen, broker, root, "--on-event", f"cat >> '{out}'")
    agents = [agent(f"h1/w{i}") for i in range(10)]
    queen.await_all(a.name for a in agents)
    for gone in agents:
        gone.end()
    queen.await_all((a.name for a in agents), "offline")
    events = queen.events()
    assert len(events) == 1 + 2 * len(agents)  # one that she is live
    await_that(lambda: out.exists() and len(out.read_text(encoding="utf-8").splitlines()) >= len(events),
               "every event at the command")
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert sorted(told, key=lambda e: e["event_id"]) == events


def test_a_command_inherits_nothing(broker, root, started):
    """Whoever has the queen's socket at the broker speaks as the queen."""
    out = broker.folder / f"descriptors-{root.partition('/')[0]}"
    queen = started(Queen, broker, root, "--verify-http", "127.0.0.1", "--on-event",
                    f"ls -l /proc/self/fd > '{out}.new' && mv '{out}.new' '{out}'")
    queen.ask("/health")
    await_that(out.exists, "the command")
    found = re.findall(r" (\d+) -> (\S+)", out.read_text(encoding="ascii"))
    assert [number for number, _ in found] == ["0", "1", "2", "3"], found
    assert found[3][1].startswith("/proc/"), "ls reads it"


def test_a_command_that_fails_is_said_and_stops_nothing(broker, root, started, agent):
    queen = started(Queen, broker, root, "--on-event", "exit 3")
    agent("h1/w1")
    queen.await_state("h1/w1")
    await_that(lambda: "the command of --on-event failed" in queen.said(), "the warning")


def test_a_command_that_cannot_be_run_is_said_once(broker, root, started, device):
    out = broker.folder / f"run-{root.partition('/')[0]}"
    queen = started(Queen, broker, root, "--on-event", f"cut -d' ' -f1,5 /proc/$$/stat >> '{out}'")
    await_that(lambda: out.exists() and out.read_text(encoding="ascii"), "the first event at the command")
    pid, group = out.read_text(encoding="ascii").split("\n", 1)[0].split()
    assert pid == group, "with a group of its own all that it starts can be ended with it"

    limits = resource.prlimit(queen.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(queen.process.pid, resource.RLIMIT_NOFILE, (3, limits[1]))  # no pipe, no process
    for i in range(20):
        device(f"h1/w{i}")
    await_that(lambda: queen.said().count(" -> online") >= 20, "the events")
    assert queen.said().count("the command of --on-event cannot be run") == 1
    resource.prlimit(queen.process.pid, resource.RLIMIT_NOFILE, limits)
    before = len(out.read_text(encoding="ascii"))
    device("h1/last")
    await_that(lambda: len(out.read_text(encoding="ascii")) > before, "the next event at the command")


class Limited(Queen):
    """With a limit of descriptors, SOFT:HARD."""

    def __init__(self, broker, root, limit, *options):
        self.limit = limit
        super().__init__(broker, root, *options)

    def start(self):
        self.arguments = ("prlimit", f"--nofile={self.limit}", *self.arguments)
        super().start()


@pytest.mark.parametrize("limit, raised, command_has", [("128:4096", True, "128"), ("200:200", False, "200")])
def test_connections_leave_descriptors_for_commands_and_health(broker, root, started, agent, limit, raised, command_has):
    out = broker.folder / f"limit-{root.partition('/')[0]}"
    queen = started(Limited, broker, root, limit, "--on-event", f"ulimit -S -n >> '{out}'")
    poll = b"GET /v1/events?after=99999999&wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    clients = []
    for _ in range(250):
        client = socket.create_connection(("127.0.0.1", queen.port), LIMIT_S)
        try:
            client.sendall(poll)
        except ConnectionError:
            pass
        clients.append(client)
    assert queen.ask("/health")[0] == 200
    agent("h1/w1")
    await_that(lambda: out.exists() and out.read_text(encoding="ascii"), "the command")
    assert set(out.read_text(encoding="ascii").split()) == {command_has}
    assert ("the limit of descriptors is low" in queen.said()) != raised
    for client in clients:
        client.close()


@pytest.mark.parametrize("host, status", [
    ("evil.example", 421), ("evil.example:7833", 421), ("127.0.0.1.evil.example", 421), ("192.0.2.1", 421), ("", 421),
    ("localhost.evil.example.", 421),
    ("localhost", 200), ("localhost.", 200), ("127.0.0.1:", 200), ("LOCALHOST:1", 200), ("127.0.0.1:7833", 200), ("[::1]:7833", 200),
])
def test_pages_of_other_sites_are_not_answered(queen, host, status):
    """DNS rebinding: in a browser a site's own name may come to point at the loopback."""
    request = urllib.request.Request(f"{queen.url}/v1/workers", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
            found, document = response.status, json.load(response)
    except urllib.error.HTTPError as error:
        found, document = error.code, json.load(error)
    assert found == status
    assert status == 200 or (document["status"], "loopback" in document["detail"]) == (421, True)


def test_with_a_token_further_names_are_listed(broker, root, started, tmp_path):
    token = tmp_path / "token"
    token.write_text("secret\n", encoding="ascii")
    token.chmod(0o600)
    queen = started(Queen, broker, root, "--token-file", str(token), "--http-host", "proxy.example, queen.example")
    for host in ("queen.example", "queen.example.", "proxy.example:8443"):
        request = urllib.request.Request(f"{queen.url}/health", headers={"Host": host})
        with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
            assert response.status == 200
    request = urllib.request.Request(f"{queen.url}/health", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(request, timeout=LIMIT_S)


def test_a_broken_list_names_its_file_and_line(tmp_path):
    expected = tmp_path / "list"
    expected.write_text("h1/w1\nh1/a b\n", encoding="ascii")
    done = run("skep-queen", "--http", "127.0.0.1:0", "--expect", expected)
    assert done.returncode == 2
    assert f"--expect {expected}: line 2: " in done.stderr and "h1/a b" in done.stderr
    expected.write_text("h1/w1\nh1/w2\n", encoding="ascii")
    done = run("skep-queen", "--http", "127.0.0.1:0", "--expect", expected, "--max-workers", "1")
    assert done.returncode == 2 and f"--expect {expected}: line 2: " in done.stderr


def test_expected_workers(broker, root, started, agent):
    expected = broker.folder / f"expected-{root.partition('/')[0]}"
    expected.write_text("# of the cellar\nh1/seen\n\nh1/never # seen\nlone\n", encoding="ascii")
    began = datetime.now(timezone.utc)
    queen = started(Queen, broker, root, "--expect", str(expected), "--stale-after", "3s", "--return-grace", "0s")
    unseen = queen.worker("h1/never")
    assert (unseen["state"], unseen["cause"], unseen["heartbeat"]) == ("unverified", "never_seen", None)
    agent("h1/seen")
    queen.await_state("h1/seen")
    for name in ("h1/never", "default/lone"):
        lost = queen.await_state(name, "stale")
        assert lost["cause"] == "never_seen"
        assert (datetime.fromisoformat(lost["since"].replace("Z", "+00:00")) - began).total_seconds() >= 3
        assert queen.ask(f"/v1/workers/{name.partition('/')[2]}?force=true", "DELETE")[0] == 409
    assert {e["worker_id"]: e["state"] for e in queen.events() if "state" in e} == {
        "never": "stale", "lone": "stale", "seen": "online"}
