"""skep verify: one verification now."""

import http.server
import json
import re
import threading

import pytest

from askable import Askable
from fleet import Queen, Skep


@pytest.fixture
def queen(broker, root):
    queen = Queen(broker, root, "--verify-timeout", "1s", "--confirm-wait", "50ms")
    yield queen
    queen.end()


@pytest.fixture
def worker(broker, root, skep, started):
    """worker("h1/w1", work="ok") answers so."""
    def make(name, **options):
        made = started(Askable, broker.port, root, name, **options)
        skep.wait(name)
        return made
    return make


@pytest.mark.parametrize("result, options, code, state, says", [
    ("ok", {"work": "ok"}, 0, "online", ""),
    ("unknown", {"work": "unknown"}, 0, "online", ""),
    ("stalled", {"work": "stalled"}, 3, "zombie", "skep: h1/w1: its work is stalled\n"),
    ("no_reply", {}, 3, "online", "skep: h1/w1: it did not answer in time\n"),
    ("no_subscriber", {"subscribes": False}, 3, "online",
     "skep: h1/w1: no subscriber on its request topics\n"),
])
def test_each_result_is_one_line_and_an_exit_code(skep, worker, result, options, code, state, says):
    worker("h1/w1", **options)
    done = skep("verify", "w1")
    assert re.fullmatch(rf"h1/w1: {result} via mqtt in \d+ms, {state}\n", done.stdout)
    assert (done.returncode, done.stderr) == (code, says)


def test_the_word_of_the_hive(skep, worker):
    worker("h1/w1").witness_end()
    skep.wait("w1", "stale")
    done = skep("verify", "w1")
    assert (done.returncode, done.stderr) == (3, "skep: h1/w1: its hive saw its process end\n")
    assert re.fullmatch(r"h1/w1: process_gone via hive in \d+ms, stale\n", done.stdout)


def test_as_json_with_the_same_exit_codes(skep, worker):
    for name, work, code in ("h1/w1", "ok", 0), ("h1/w2", "stalled", 3):
        worker(name, work=work)
        done = skep("verify", name, "-o", "json")
        document = json.loads(done.stdout)
        assert done.returncode == code and done.stdout.count("\n") == 1
        assert document.pop("took_ms") >= 0
        assert document == {"worker_id": name[3:], "hive_id": "h1", "result": work, "path": "mqtt",
                            "state": "online" if code == 0 else "zombie"}


def test_a_queen_with_a_token(broker, root, started, tmp_path):
    token = tmp_path / "token"
    token.write_text("secret-1\n")
    token.chmod(0o600)
    queen = started(Queen, broker, root, "--token-file", str(token))
    skep = Skep(queen.url)
    worker = started(Askable, broker.port, root, "h1/w1", work="ok")
    skep.wait("w1")
    done = skep("verify", "w1")
    assert (done.returncode, done.stdout) == (6, "") and "--token-file" in done.stderr
    assert worker.requests == 0
    assert skep("verify", "w1", "--token-file", str(token)).returncode == 0


class Listener(http.server.BaseHTTPRequestHandler):
    """A server that is no queen, and what it was given."""
    protocol_version = "HTTP/1.0"
    given = []

    def answer(self):
        self.given.append((self.command, self.path, self.headers["Authorization"]))
        body = b'{"workers":[],"total":0,"next":null,"events":[],"worker_id":"w1","hive_id":"h1"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


def test_the_token_goes_with_what_needs_it(tmp_path):
    token = tmp_path / "token"
    token.write_text("secret-1\n")
    token.chmod(0o600)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        skep = Skep(f"http://127.0.0.1:{server.server_port}")
        skep.environment["SKEP_TOKEN_FILE"] = str(token)
        for words in (["ps"], ["describe", "h1/w1"], ["events"]):
            skep(*words)
        skep("verify", "h1/w1")
        skep("forget", "h1/w1")
        server.shutdown()
    assert {command for command, _, _ in Listener.given} == {"GET", "POST", "DELETE"}
    for command, path, authorization in Listener.given:
        assert (authorization == "Bearer secret-1") == (command != "GET"), (command, path)


@pytest.mark.parametrize("queen", ["http://192.0.2.1:7833", "http://queen.invalid", "http://localhost.invalid"])
def test_the_token_is_not_sent_in_clear(queen, tmp_path):
    token = tmp_path / "token"
    token.write_text("secret-1\n")
    token.chmod(0o600)
    skep = Skep(queen)
    for words in (["verify", "h1/w1"], ["forget", "h1/w1"]):
        done = skep(*words, "--token-file", str(token))
        assert done.returncode == 6 and f"not sent to {queen} in clear" in done.stderr
    done = skep("verify", "h1/w1", "--token-file", str(token), "--token-in-clear")
    assert "in clear" not in done.stderr


def test_who_waits_is_told_as_soon_as_it_is_known(broker, root, started):
    queen = started(Queen, broker, root, "--verify-timeout", "60s")  # longer than anything in a test may take
    skep = Skep(queen.url)
    started(Askable, broker.port, root, "h1/w1", work="ok")
    skep.wait("w1")
    assert skep("verify", "w1").returncode == 0
