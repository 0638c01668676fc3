"""A real broker, real programs at it, and paho as the independent client."""

import os

import pytest

import measure
from device import Device
from fleet import Agent, Queen
from fleet_fixtures import broker, root, started  # noqa: F401
from listener import Listener

LONG = os.environ.get("SKEP_LONG") == "1"


def pytest_terminal_summary(terminalreporter):
    for line in measure.lines:
        terminalreporter.write_line(f"measured: {line}")


@pytest.fixture
def queen(broker, root, started):
    return started(Queen, broker, root)


@pytest.fixture
def listener(broker, root, started):
    """What the queen tells of workers."""
    return started(Listener, broker.port, f"{root}/queen/+/verdict/#", f"{root}/queen/+/event")


@pytest.fixture
def agent(broker, root, started):
    def make(name, *options, source=("--simulate",), port=None):
        return started(Agent, broker, root, name, *options, *source, port=port)
    return make


@pytest.fixture
def device(broker, root, started):
    def make(name, **fields):
        device = started(Device, broker.port, root, name)
        device.beat(**fields)
        return device
    return make
