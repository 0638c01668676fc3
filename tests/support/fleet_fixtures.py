"""Fixtures that the tests with a real broker share; a conftest.py imports them."""

import uuid

import pytest

from fleet import Broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.end()


@pytest.fixture
def root():
    """Topics of its own for each test, so that the tests share a broker."""
    return f"skep-{uuid.uuid4().hex[:8]}/v1"


@pytest.fixture
def started():
    """started(Kind, ...) makes a program or a client that is ended with the test, last ones first."""
    things = []

    def start(kind, *arguments, **options):
        things.append(kind(*arguments, **options))
        return things[-1]

    yield start
    for thing in reversed(things):
        thing.end()
