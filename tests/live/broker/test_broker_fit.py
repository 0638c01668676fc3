"""What a broker lacks is one sentence in the queen's health and log, with a remedy; and so is what is no broker."""

import re
import socket
import threading
import time

import pytest

from fleet import BIN, LIMIT_S, Agent, Broker, Program, Queen, await_that


class Doubtful(Queen):
    """A queen that need not become ready."""

    def __init__(self, folder, port):
        Program.__init__(self, folder, BIN / "skep-queen", "--broker", f"mqtt://127.0.0.1:{port}", "--http", "127.0.0.1:0")
        Program.start(self)
        self.url = "http://127.0.0.1:" + await_that(lambda: re.search(r"msg=started .*\bport=(\d+)", self.said()), "its start")[1]

    def await_health(self, text):
        """The health document, once its description has the text."""
        return await_that(lambda: text in (document := self.ask("/health")[1])["description"] and document, text)


@pytest.fixture
def fleet(tmp_path, started):
    """fleet(*lines): a broker with these lines, and its queen."""
    brokers = []

    def make(*lines):
        brokers.append(Broker(tmp_path, *lines))
        return brokers[-1], started(Doubtful, tmp_path, brokers[-1].port)

    yield make
    for broker in brokers:
        broker.end()


@pytest.mark.parametrize("line, status, text", [
    ("max_qos 0", "fail", "offers only QoS 0"),
    ("max_packet_size 1500", "fail", "takes no packets of 2 KiB"),
    ("max_packet_size 10000", "warn", "takes no packets of 20 KiB"),
    ("retain_available false", "warn", "offers no retained messages")])
def test_what_a_broker_lacks(fleet, line, status, text):
    _, queen = fleet(line)
    assert queen.await_health(text)["status"] == status
    assert queen.said().count(text) == 1


def test_a_broker_without_retained_messages_serves(fleet, started):
    broker, queen = fleet("retain_available false")
    queen.await_health("offers no retained messages")
    agent = started(Agent, broker, "skep/v1", "h1/w1", "--simulate")
    queen.await_state("h1/w1")
    agent.kill()
    queen.await_state("h1/w1", "stale")


def test_a_broker_that_assigns_client_ids_is_named(fleet, started):
    broker, _ = fleet()
    broker.end()
    with open(broker.folder / "mosquitto.conf", "a", encoding="utf-8") as conf:
        conf.write("\nuse_username_as_clientid true\n")
    broker.start_again()
    agents = [started(Agent, broker, "skep/v1", f"h1/{name}", "--simulate", "--username", "h1") for name in ("w1", "w2")]
    await_that(lambda: all("use_username_as_clientid" in agent.said() for agent in agents), "the cause in both logs")


def test_nothing_is_lacking(fleet):
    _, queen = fleet("max_inflight_messages 5")
    await_that(lambda: queen.ask("/health")[0] == 200, "a live view")
    assert "fewer than 20 messages at once" in queen.said()  # but that is a note
    time.sleep(8)  # whether stored messages come to wildcards is known by now
    assert queen.ask("/health")[1]["status"] == "pass"


@pytest.fixture
def peer():
    """peer(greeting): the port of a server that sends it to whoever has sent something, and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(greeting):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(LIMIT_S)
                client.recv(4096)
                client.sendall(greeting)

    def make(greeting):
        threading.Thread(target=serve, args=(greeting,), daemon=True).start()
        return listener.getsockname()[1]

    yield make
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize("greeting, text", [
    (b"\x20\x02\x00\x01", "the broker speaks only MQTT 3.1.1, and MQTT 5 is required"),
    (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "a web server answers there"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "a TLS port answers there: use mqtts://"),
    (b"SSH-2.0-OpenSSH_9.2p1\r\n", "an SSH server answers there"),
    (b"220 mail ESMTP\r\n", "something that is no MQTT broker answers there"),
    (b"", "perhaps it is a TLS port (mqtts://) or no MQTT broker")])
def test_what_is_no_broker(tmp_path, started, peer, greeting, text):
    queen = started(Doubtful, tmp_path, peer(greeting))
    assert queen.await_health(text)["status"] == "fail"
    assert text in queen.said()
