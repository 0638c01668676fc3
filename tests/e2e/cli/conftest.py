"""A real broker, a real queen and hand-made workers for the tests of `skep`."""

import pytest

from device import Device
from fleet import Queen, Skep
from fleet_fixtures import broker, root, started  # noqa: F401


@pytest.fixture
def queen(broker, root):
    queen = Queen(broker, root, "--confirm-wait", "50ms")
    yield queen
    queen.end()


@pytest.fixture
def skep(queen):
    return Skep(queen.url)


@pytest.fixture
def fleet(broker, root, skep):
    """fleet("h1/w1", status="idle") makes a worker, and comes back when the queen knows it."""
    devices = []

    def make(name, **fields):
        device = Device(broker.port, root, name)
        devices.append(device)
        device.beat(**fields)
        skep.wait(name)
        return device

    yield make
    for device in devices:
        device.end()
