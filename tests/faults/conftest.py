"""A broker, a queen and an oracle, and a fleet behind a link."""

import subprocess

import pytest

import measure
from fleet import BROKER_START, Broker, Queen
from fleet_fixtures import root, started  # noqa: F401
from link import NEAR, Link
from oracle import Oracle

PLAIN, TLS = 1883, 8883  # in a namespace of its own all ports are free


def pytest_terminal_summary(terminalreporter):
    for line in measure.lines:
        terminalreporter.write_line(f"measured: {line}")


@pytest.fixture(scope="session")
def link():
    link = Link()
    yield link
    link.end()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A folder with an authority, and a certificate for the near end."""
    folder = tmp_path_factory.mktemp("keys")
    for what in (["ca"], ["server", NEAR]):
        subprocess.run([BROKER_START.with_name("make-certificates"), folder, *what], check=True)
    return folder


@pytest.fixture(scope="session")
def far_broker(link, authority, tmp_path_factory):
    """That the far end of the link reaches, too: in clear and by TLS."""
    files = [f"{name}file {authority}/{file}" for name, file in (("cert", "server.crt"), ("key", "server.key"))]
    broker = Broker(tmp_path_factory.mktemp("broker"), f"listener {PLAIN} {NEAR}", f"listener {TLS} {NEAR}", *files)
    yield broker
    broker.end()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.end()


@pytest.fixture
def own_broker(tmp_path):
    """That the scene may stop or kill."""
    (tmp_path / "broker").mkdir()
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.end()


@pytest.fixture
def watch(root, started, tmp_path):
    """watch(broker, *options) starts a queen, and whoever watches it, with or without the topic of events; `how` is for
    Queen."""
    oracles = []

    def make(broker, *options, topic=True, **how):
        told = tmp_path / "told"
        told.touch()
        queen = started(Queen, broker, root, "--on-event", f"cat >> {told}", *options, **how)
        oracles.append(Oracle(broker, queen, told, topic))
        return queen, oracles[-1]

    yield make
    for oracle in oracles:
        oracle.end()
