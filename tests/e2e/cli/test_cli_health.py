"""skep health: both paths, what each attempt says, and the exit codes."""

import http.server
import re
import socket
import threading

import pytest

from fleet import Agent, Broker, Queen, Skep

FAST = ("--initial-delay", "20ms", "--attempt-timeout", "200ms", "--jitter", "0")


@pytest.fixture
def nowhere():
    """A loopback port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def health(skep, broker, root):
    def ask(*arguments, port=broker.port):
        return skep("health", *arguments, "--broker", f"mqtt://127.0.0.1:{port}", "--root", root)
    return ask


@pytest.fixture
def mortal(tmp_path):
    """A broker that may end, and a queen at it."""
    broker = Broker(tmp_path)
    queen = Queen(broker, "skep/v1")
    yield broker, queen
    queen.end()
    broker.end()


def test_a_queen_over_mqtt(health):
    done = health("queen/queen")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"queen/queen: pass via mqtt, attempt 1, \d\.\d\d s\n", done.stdout)


class Listener(threading.Thread):
    """A server that takes connections, and answers what it first receives with `reply`, if that is not empty."""

    def __init__(self, reply):
        super().__init__(daemon=True)
        self.reply = reply
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.uri = f"mqtt://127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self):
        taken = []
        while True:
            try:
                taken.append(self.socket.accept()[0])
            except OSError:
                return
            if self.reply and taken[-1].recv(4096):
                taken.pop().sendall(self.reply)

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


NOT_AUTHORIZED = bytes([0x20, 3, 0, 0x87, 0])  # CONNACK


@pytest.mark.parametrize("replies", [[NOT_AUTHORIZED], [b""], [NOT_AUTHORIZED, b"", b""]])
@pytest.mark.parametrize("options", [(), ("--wait", "--attempts", "1")])
def test_each_broker_of_a_list_gets_its_chance(skep, queen, broker, root, replies, options):
    others = [Listener(reply) for reply in replies]
    uris = ",".join([*(other.uri for other in others), f"mqtt://127.0.0.1:{broker.port}"])
    done = skep("health", "queen/queen", "--broker", uris, "--root", root, *options)
    for other in others:
        other.end()
    assert (done.returncode, done.stderr) == (0, "")
    took = re.fullmatch(r"queen/queen: pass via mqtt, attempt 1, (\d+\.\d\d) s\n", done.stdout)
    assert float(took[1]) < 10 * max(replies.count(b""), 1)  # 2 s each; a daemon waits 10 s for a CONNACK


def test_a_list_of_which_no_broker_is_of_use(skep, root, nowhere):
    other = Listener(NOT_AUTHORIZED)
    done = skep("health", "worker/h/w1", "--broker", f"mqtt://127.0.0.1:{nowhere},{other.uri}", "--root", root)
    other.end()
    assert done.returncode == 5
    assert "mqtt: the broker refused the connection: Not authorized" in done.stderr


def test_a_broker_that_does_not_speak_tls(skep, broker, root, nowhere):
    """It closes, and what is written then must not end the program before its sentence."""
    done = skep("health", "hive/x", "--wait", "--attempts", "5", "--initial-delay", "20ms", "--root", root,
                "--broker", f"mqtts://127.0.0.1:{broker.port}", "--http-url", f"http://127.0.0.1:{nowhere}")
    assert done.returncode == 3
    assert done.stderr.count(f"mqtt: TLS with 127.0.0.1:{broker.port} failed: the broker closed it;") == 5


def test_a_queen_over_http_without_a_broker(health, nowhere):
    done = health("queen/queen", port=nowhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("queen/queen: pass via http, attempt 1, ")


def test_a_url_is_asked_over_http_alone(health, queen):
    for url in (queen.url, queen.url + "/", queen.url + "/health"):
        assert health(url).stdout.startswith(f"{url}: pass via http")
    done = health(queen.url + "/v1/workers")
    assert done.returncode == 5
    assert "http: the answer is no health document" in done.stderr
    assert "mqtt" not in done.stderr


def test_a_worker(health, broker, root, queen):
    agent = Agent(broker, root, "h/w1", "--simulate")
    try:
        queen.await_state("h/w1")
        assert health("worker/h/w1").stdout.startswith("worker/h/w1: pass via mqtt")
        assert health("worker/w1").stdout.startswith("worker/w1: pass via mqtt")  # the only one of that name
        done = health("worker/w2")
        assert done.returncode == 5
        assert "mqtt: no subscriber to its requests" in done.stderr
    finally:
        agent.end()


def test_a_name_without_a_queen_is_one_of_the_default_hive(broker, root, nowhere):
    done = Skep(f"http://127.0.0.1:{nowhere}")("health", "worker/w1", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root)
    assert done.returncode == 5
    assert "without a queen, w1 is taken for worker/default/w1: HIVE/ID names another" in done.stderr


def test_somebody_else_is_not_who_was_asked(health, queen):
    done = health("queen/other", "--http-url", queen.url)
    assert done.returncode == 5
    assert "mqtt: no subscriber to its requests; http: queen/queen answered, not queen/other" in done.stderr


def test_a_blind_queen_fails(mortal):
    broker, queen = mortal
    broker.end()
    done = Skep(queen.url)("health", "queen/queen", "--broker", f"mqtt://127.0.0.1:{broker.port}")
    assert done.returncode == 3
    assert "queen/queen: fail via http (queen: no link to the broker: " in done.stderr
    assert done.stdout == ""


def test_the_attempts_are_used_up(health, nowhere):
    done = health("hive/none", "--wait", *FAST, "--attempts", "3", "--http-url", f"http://127.0.0.1:{nowhere}",
                  port=nowhere)
    lines = done.stderr.splitlines()
    assert done.returncode == 3
    assert len(lines) == 4
    for number, line in enumerate(lines[:3], 1):
        assert re.match(rf"skep: attempt {number} of 3: mqtt: .*Connection refused; http: .*connect", line)
    assert [re.findall(r"next in (\d+) ms", line) for line in lines[:3]] == [["20"], ["30"], []]
    assert re.fullmatch(r"skep: hive/none is not ready: 3 attempts in \d+\.\d\d s", lines[3])


def test_the_default_schedule_adds_up(health, nowhere):
    """Ten attempts, each refused at once by both paths: nine delays of 14.977 s in all."""
    done = health("hive/none", "--wait", "--jitter", "0%", "--http-url", f"http://127.0.0.1:{nowhere}", port=nowhere)
    assert done.returncode == 3
    assert sum(map(int, re.findall(r"next in (\d+) ms", done.stderr))) == 14977


def test_waits_until_it_is_ready(mortal):
    """The broker takes connections only after the poll has begun."""
    broker, queen = mortal
    broker.end()
    poll = Skep(queen.url).start("health", "queen/queen", "--wait", "--initial-delay", "100ms", "--multiplier", "1",
                                 "--attempts", "200", "--broker", f"mqtt://127.0.0.1:{broker.port}")
    assert "fail" in poll.stderr.readline()
    broker.start_again()
    out, _ = poll.communicate(timeout=30)
    assert poll.returncode == 0
    assert re.match(r"queen/queen: pass via (mqtt|http), attempt \d+, ", out)


@pytest.mark.parametrize("arguments", [["health", "{}"], ["ps", "--queen", "{}"]])
def test_a_name_that_the_queen_does_not_know_is_to_be_listed(skep, queen, arguments):
    """Names below localhost are the loopback's for libcurl, not for the queen."""
    url = queen.url.replace("127.0.0.1", "queen.localhost")
    done = skep(*(word.format(url) for word in arguments))
    said = " ".join(done.stderr.split())
    assert done.returncode in (5, 6)
    assert "is no name of this server" in said and "start it with --http-host queen.localhost" in said


@pytest.fixture
def warning_hive():
    """The HTTP page of a hive that has no link to the broker."""
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status":"warn","serviceId":"hive/h1","description":"no link",'
                             b'"checks":{"mqtt:link":[{"observedValue":"down","status":"warn"}]}}')

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_hive_without_a_broker_is_ready_with_a_warning(health, warning_hive, nowhere):
    done = health("hive/h1", "--wait", *FAST, "--http-url", warning_hive, port=nowhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"hive/h1: warn via http, attempt 1, \d\.\d\d s \(no link; mqtt:link down\)\n", done.stdout)


def test_a_hive_that_is_on_its_way_to_the_broker_is_given_time(health, warning_hive):
    """The broker can be reached, so the poll asks on; at its end the warning counts."""
    done = health("hive/h1", "--wait", *FAST, "--attempts", "3", "--http-url", warning_hive)
    assert done.returncode == 0
    assert done.stderr.count("mqtt: no subscriber to its requests; http: warn, no link (next in") == 2
    assert done.stdout.startswith("hive/h1: warn via http, attempt 3, ")
    single = health("hive/h1", "--http-url", warning_hive)
    assert single.returncode == 0
    assert single.stdout.startswith("hive/h1: warn via http, attempt 1, ")


@pytest.mark.parametrize("arguments, sentence", [
    (["bee/a"], "must be queen/ID"),
    (["queen/a/b"], 'queen "a/b": must be'),
    (["queen/q", "--multiplier", "0.5"], "--multiplier 0.5: must be"),
    (["queen/q", "--jitter", "200%"], "--jitter 200%: must be"),
    (["queen/q", "--broker", "http://x"], "http://x"),
    (["queen/q", "--root", "a/+"], "root"),
    (["queen/q", "--attempts", "0"], "--attempts"),
    ([], "missing argument: queen/ID"),
])
def test_wrong_use(skep, arguments, sentence):
    done = skep("health", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
