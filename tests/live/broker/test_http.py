"""HTTP as curl sees it: what is wrong, said as application/problem+json, and who may write."""

import json
import socket
import subprocess

import pytest

from fleet import LIMIT_S, Agent, Queen

JSON = ["-H", "Content-Type: application/json"]
CROSS = ["-H", "Sec-Fetch-Site: cross-site"]
W1 = '{"worker_id":"w1","hive_id":"h1","status":"idle"}'


def curl(queen, path, *options):
    """Status, content type, document (None for an empty body)."""
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code} %{content_type}", *options, queen.url + path],
                          capture_output=True, text=True, timeout=LIMIT_S, check=True)
    body, _, last = done.stdout.rpartition("\n")
    status, _, content_type = last.partition(" ")
    return int(status), content_type, json.loads(body) if body else None


@pytest.fixture(scope="module")
def root():
    return "skep-http/v1"


@pytest.fixture(scope="module")
def token(broker):
    path = broker.folder / "token"
    path.write_text("open sesame\n", encoding="ascii")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(scope="module")
def queen(broker, root):
    """A queen with h1/w1 online over MQTT, and a `twin` in two hives."""
    programs = [Queen(broker, root)]
    programs += [Agent(broker, root, name, "--simulate") for name in ("h1/w1", "h1/twin", "h2/twin")]
    programs[0].await_all(a.name for a in programs[1:])
    yield programs[0]
    for program in reversed(programs):
        program.end()


@pytest.fixture(scope="module")
def guarded(broker, token):
    """With an id of its own: a broker ends the older of two clients with one id, whatever their roots are."""
    queen = Queen(broker, "skep-guarded/v1", "--id", "guarded", "--token-file", token)
    yield queen
    queen.end()


@pytest.mark.parametrize("status, why, path, options", [
    (400, "no JSON", "/v1/worker/heartbeat", [*JSON, "-d", "{"]),
    (400, "no worker named", "/v1/worker/heartbeat", [*JSON, "-d", '{"status":"idle"}']),
    (400, "no such state", "/v1/workers?state=dead", []),
    (400, "a limit that is no number", "/v1/workers?limit=many", []),
    (400, "no such filter", "/v1/workers?colour=red", []),
    (404, "no such worker", "/v1/workers/nobody", []),
    (404, "no such worker in this hive", "/v1/hives/h9/workers/w1", []),
    (404, "no such path", "/v2/workers", []),
    (405, "no such method", "/v1/workers", ["-X", "PUT", "-d", ""]),
    (405, "no such method for a worker", "/v1/workers/w1", ["-X", "POST", "-d", ""]),
    (409, "two of that name", "/v1/workers/twin", []),
    (409, "online", "/v1/workers/w1", ["-X", "DELETE"]),
    (409, "online over MQTT", "/v1/worker/heartbeat", [*JSON, "-d", W1]),
    (411, "no length", "/v1/worker/heartbeat", [*JSON, "-H", "Transfer-Encoding: chunked", "-d", W1]),
    (413, "too large", "/v1/worker/heartbeat", [*JSON, "-d", "{" + " " * 16384 + "}"]),
    (421, "another host", "/v1/workers", ["-H", "Host: evil.example:7833"]),
    (400, "more parameters than there are", "/v1/workers?" + "&".join(f"a{i}=1" for i in range(1000)), []),
    (400, "parameters without end", "/v1/workers?" + "a&" * 12000, []),
    (403, "a page of another site verifies", "/v1/workers/w1/verify", ["-X", "POST", "-d", "", *CROSS]),
    (403, "an older browser", "/v1/workers/w1/verify", ["-X", "POST", "-d", "", "-H", "Origin: http://evil.example"]),
    (403, "a page of another port", "/v1/hives/h1/workers/w1/verify",
     ["-X", "POST", "-d", "", "-H", "Origin: http://127.0.0.1:3000"]),
    (403, "it has the fleet verified", "/v1/workers?verified=true", CROSS),
    (403, "the same by work", "/v1/workers?verified=work", ["-H", "Origin: null"]),
    (403, "it forgets", "/v1/workers/w1?force=true", ["-X", "DELETE", *CROSS]),
    (403, "it beats", "/v1/worker/heartbeat", [*JSON, "-d", W1.replace("w1", "w7"), *CROSS]),
    (415, "no JSON by its type", "/v1/worker/heartbeat", ["-H", "Content-Type: text/plain", "-d", W1]),
], ids=lambda value: value if isinstance(value, int) else "")
def test_a_problem(queen, status, why, path, options):
    before = queen.worker("h1/w1")["session"], len(queen.workers())
    got, content_type, problem = curl(queen, path, *options)
    assert (got, content_type) == (status, "application/problem+json"), why
    assert problem["status"] == status and problem["title"] and problem["code"] and problem["detail"], why
    assert (queen.worker("h1/w1")["session"], len(queen.workers())) == before, why


def test_an_ambiguous_name_comes_with_the_candidates(queen):
    problem = curl(queen, "/v1/workers/twin")[2]
    assert problem["code"] == "ambiguous"
    assert sorted(problem["candidates"]) == ["h1/twin", "h2/twin"]
    assert curl(queen, "/v1/hives/h2/workers/twin")[2]["hive_id"] == "h2"


def test_405_says_what_is_allowed(queen):
    done = subprocess.run(["curl", "-s", "-i", "-X", "PUT", "-d", "", queen.url + "/v1/workers/w1"],
                          capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert "\nAllow: GET, HEAD, DELETE\n" in done.stdout.replace("\r", "")


@pytest.mark.parametrize("why, header", [
    ("none", []),
    ("wrong", ["-H", "Authorization: Bearer open"]),
    ("longer", ["-H", "Authorization: Bearer open sesame!"]),
    ("empty", ["-H", "Authorization: Bearer "]),
    ("another scheme", ["-H", "Authorization: Basic open sesame"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_writes_need_the_token(guarded, why, header):
    writes = [("/v1/worker/heartbeat", [*JSON, "-d", W1]), ("/v1/workers/w1", ["-X", "DELETE"])]
    for path, options in writes:
        status, content_type, problem = curl(guarded, path, *options, *header)
        assert (status, content_type, problem["status"]) == (401, "application/problem+json", 401), why
    assert guarded.workers() == []


def test_writes_with_the_token_and_reads_without(guarded):
    bearer = ["-H", "Authorization: Bearer open sesame"]
    assert curl(guarded, "/v1/worker/heartbeat", *JSON, *bearer, "-d", W1)[0] == 202
    assert curl(guarded, "/v1/workers/w1")[2]["state"] == "online"
    assert curl(guarded, "/health")[:2] == (200, "application/health+json")
    assert curl(guarded, "/v1/workers/w1?force=true", "-X", "DELETE", *bearer)[0] == 204
    assert guarded.workers() == []


@pytest.mark.parametrize("host", ["rebound.evil.example:7833", "localhost.evil.example", "192.0.2.1"])
def test_a_token_leaves_the_host_to_be_checked(guarded, host):
    """A web page whose name was made to point here would read the registry."""
    assert curl(guarded, "/v1/workers", "-H", f"Host: {host}")[0] == 421
    assert curl(guarded, "/v1/workers", "-H", f"Host: {host}", "-H", "Authorization: Bearer open sesame")[0] == 421


def test_beyond_the_loopback_with_a_token(broker, token, started):
    queen = started(Queen, broker, "skep-open/v1", "--id", "open", "--token-file", token, "--http-host",
                    "queen.example,queen", address="0.0.0.0")
    for host, status in (("queen.example", 200), ("Queen:7833", 200), ("192.0.2.1:7833", 200),
                         (socket.gethostname(), 200), ("evil.example", 421), ("queen.example.evil.example", 421)):
        assert curl(queen, "/v1/workers", "-H", f"Host: {host}")[0] == status, host
    assert curl(queen, "/v1/worker/heartbeat", *JSON, "-d", W1)[0] == 401
