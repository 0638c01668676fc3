"""A real broker, a real hive with real agents, and paho as the independent client."""

import pytest

import measure
from fleet import Queen, await_that
from fleet_fixtures import broker, root, started  # noqa: F401
from hive import Hive, Watched
from listener import Listener


def pytest_terminal_summary(terminalreporter):
    for line in measure.lines:
        terminalreporter.write_line(f"measured: {line}")


@pytest.fixture
def listener(broker, root, started):
    """Everything that is published."""
    return started(Listener, broker.port, f"{root}/#")


@pytest.fixture
def queen(broker, root, started):
    return started(Queen, broker, root)


@pytest.fixture
def watched(tmp_path):
    """watched("w1") makes the program of a worker; nothing of it may be left behind by a test."""
    all_of_them = []

    def make(name, *options):
        all_of_them.append(Watched(tmp_path / name, *options))
        return all_of_them[-1]

    yield make
    for program in all_of_them:
        await_that(lambda: not program.alive(), f"the end of {program.folder.name}")
        assert program.was_never_double()


@pytest.fixture
def hive(watched, broker, root, started):
    """hive(text) runs a hive with this hive.ini. Named first by a test, it ends before its programs are looked at."""
    def make(text, *options, **more):
        made = started(Hive, broker, root, text, *options, **more)
        return made.run()
    return make
