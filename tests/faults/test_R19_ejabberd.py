"""R19 with another broker: an ejabberd with its defaults sends a subscription 1,000 stored messages, and always the same.
All that is stored of hives is known all the same; of one group of more the queen's health is `warn`, with both numbers.
SKEP_LONG=1 only, and with 50,000 workers: it needs the package ejabberd."""

import os
import signal
import socket
import subprocess
import time

import paho.mqtt.client as mqtt
import pytest

import measure
from fleet import LIMIT_S, Queen, await_that, takes_connections
from test_R19_default_limits import ALL_KNOWN_S, BEAT, await_truth, health, known

pytestmark = pytest.mark.skipif(os.environ.get("SKEP_LONG") != "1", reason="needs another broker")

HIVES, WORKERS = 50, 1000
PRESENCE = '{"presence":"online","session":"00000000000000bb","connection":1,"interval_ms":10000,"retain_s":86400}'
CONFIG = """
hosts: [localhost]
loglevel: warning
auth_method: [anonymous]
anonymous_protocol: login_anon
listen: [{{port: {port}, ip: "127.0.0.1", module: mod_mqtt, backlog: 1000}}]
modules: {{mod_mqtt: {{}}}}
"""
USER = "queen@localhost"


class Ejabberd:
    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        (folder / "ejabberd.yml").write_text(CONFIG.format(port=self.port), encoding="ascii")
        self.password = folder / "password"
        self.password.write_text("any\n", encoding="ascii")
        self.password.chmod(0o600)
        settings = ["-mnesia", "dir", f'"{folder}/stored"', "-ejabberd", "config", f'"{folder}/ejabberd.yml"', "log_path",
                    f'"{folder}/ejabberd.log"', "-s", "ejabberd"]
        with open(folder / "console", "wb") as console:
            self.process = subprocess.Popen(["erl", "-noinput", *settings], stdout=console, stderr=console, cwd=folder,
                                            env={**os.environ, "ERL_LIBS": "/usr/lib/x86_64-linux-gnu"}, start_new_session=True)
        await_that(lambda: self.process.poll() is not None or takes_connections(self.port), "the broker's start", 3 * LIMIT_S)
        assert self.process.poll() is None, (folder / "console").read_text(encoding="utf-8")

    def end(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LIMIT_S)


@pytest.fixture
def ejabberd(tmp_path):
    (tmp_path / "broker").mkdir()
    broker = Ejabberd(tmp_path / "broker")
    yield broker
    broker.end()


def store(broker, root, hives, workers, are_hives):
    client = mqtt.Client(protocol=mqtt.MQTTv5)
    client.username_pw_set(USER, "any")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for h in range(hives):
        if are_hives:
            client.publish(f"{root}/hive/g{h}/presence", PRESENCE, qos=1, retain=True)
        for w in range(workers):
            sent = client.publish(f"{root}/hive/g{h}/worker/g{h}w{w}/heartbeat", BEAT, qos=1, retain=True)
        sent.wait_for_publish(3 * LIMIT_S)
    client.disconnect()
    client.loop_stop()


def queen_at(started, broker, root):
    return started(Queen, broker, root, "--username", USER, "--password-file", broker.password)


def test_all_of_many_hives_are_known(ejabberd, root, started):
    store(ejabberd, root, HIVES, WORKERS, True)
    begin = time.monotonic()
    queen = queen_at(started, ejabberd, root)
    await_that(lambda: known(queen) >= HIVES * WORKERS, "all workers", ALL_KNOWN_S)
    measure.measured(f"{HIVES * WORKERS} stored workers in {HIVES} hives: {health(queen)}", [time.monotonic() - begin])


def test_of_one_group_it_is_said(ejabberd, root, started):
    store(ejabberd, root, 1, 3 * WORKERS, False)
    queen = queen_at(started, ejabberd, root)
    await_truth(queen, WORKERS)
    status, _, text = health(queen)
    assert status == "warn" and "match_retained_limit" in text
