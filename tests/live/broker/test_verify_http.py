"""--verify-http: the endpoint that a worker or hive names is one more path of a verification, and of a hive's start-up poll."""

import http.server
import json
import signal
import threading

import pytest

from fleet import Queen, Skep, await_that

LOOPBACK = ("--verify-http", "127.0.0.1")


class Page:
    """Somebody's HTTP server; `asked` are the paths that were asked for."""

    def __init__(self, status, document, location=None):
        self.asked = []
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page.asked.append(self.path)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def page(started):
    return lambda *arguments: started(Page, *arguments)


def health(status, service):
    return {"status": status, "serviceId": service}


@pytest.fixture
def verify(broker, root, started, device):
    """verify(URL, options of the queen) is what comes of asking a worker that answers no requests over MQTT. Where nobody
    will answer, that is waited for."""
    def make(endpoint, *options, patience="2s"):
        queen = started(Queen, broker, root, "--verify-timeout", patience, *options)
        device("h1/w1", endpoint=endpoint)
        queen.await_state("h1/w1")
        done = Skep(queen.url)("verify", "h1/w1", "-o", "json")
        found = json.loads(done.stdout)
        return found["result"], found["path"], found["state"]
    return make


def test_a_worker_that_answers_over_http(page, verify):
    server = page(200, health("pass", "worker/h1/w1"))
    assert verify(server.url, *LOOPBACK, patience="20s") == ("unknown", "http", "online")
    assert server.asked == ["/health"]


def test_a_worker_that_says_its_work_stands_still(page, verify):
    server = page(503, health("fail", "worker/h1/w1"))
    assert verify(server.url, *LOOPBACK, patience="20s") == ("stalled", "http", "zombie")


@pytest.mark.parametrize("service", ["worker/h1/w2", "hive/h1", None])
def test_somebody_else_at_its_address(page, verify, service):
    server = page(200, health("pass", service))
    assert verify(server.url, *LOOPBACK) == ("no_reply", "mqtt", "online")
    assert server.asked == ["/health"]


def test_redirects_are_not_followed(page, verify):
    target = page(200, health("pass", "worker/h1/w1"))
    server = page(302, {}, target.url + "/health")
    assert verify(server.url, *LOOPBACK) == ("no_reply", "mqtt", "online")
    assert (server.asked, target.asked) == (["/health"], [])


@pytest.mark.parametrize("options", [(), ("--verify-http", "off"), ("--verify-http", "10.0.0.0/8,192.0.2.1")])
def test_nobody_else_is_asked(page, verify, options):
    """Off by default; and an address that is not in the list is not connected to."""
    server = page(200, health("pass", "worker/h1/w1"))
    assert verify(server.url, *options) == ("no_reply", "mqtt", "online")
    assert server.asked == []


@pytest.mark.parametrize("path", ["/admin?delete=all", "/other", "@127.0.0.1/health"])
def test_only_the_health_page(page, verify, path):
    server = page(200, health("pass", "worker/h1/w1"))
    assert verify(server.url + path, *LOOPBACK) == ("no_reply", "mqtt", "online")
    assert server.asked == []


def test_a_real_agent(broker, root, started, agent):
    """Its own answer over MQTT goes first: the work loop's. Stopped, it answers neither way."""
    queen = started(Queen, broker, root, *LOOPBACK)
    worker = agent("h1/w1", "--http", "127.0.0.1:0", "--interval", "1s", "--keep-alive", "60s")
    queen.await_heartbeat("h1/w1", lambda beat: beat.get("endpoint"))
    found = json.loads(Skep(queen.url)("verify", "h1/w1", "-o", "json").stdout)
    assert (found["result"], found["path"]) == ("ok", "mqtt")
    worker.send(signal.SIGSTOP)
    queen.await_state("h1/w1", "stale")
    worker.send(signal.SIGCONT)
    queen.await_state("h1/w1")


def test_a_hive_that_nobody_can_ask_over_mqtt(page, broker, root, started, device):
    """It is ready by its page; without --verify-http it stays `starting`."""
    server = page(200, health("warn", "hive/h9"))
    queen = started(Queen, broker, root, *LOOPBACK)
    someone = device("h9/w1")
    who = {"session": "0123456789abcdef", "connection": 1}
    beat = {"status": "ready", "endpoint": server.url, "seq": 0, **who}
    someone.client.publish(f"{root}/hive/h9/presence", json.dumps({"presence": "online", **who}), 1, True)
    someone.client.publish(f"{root}/hive/h9/heartbeat", json.dumps(beat), 1, True)
    await_that(lambda: queen.ask("/v1/hives/h9")[1].get("state") == "ready", "h9 ready")
    assert queen.ask("/v1/hives/h9")[1]["evidence"]["path"] == "http"
    assert server.asked[0] == "/health"
