import itertools

import pytest

from client import Client
from deployment import Deployment


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp("broker"))
    yield deployment
    deployment.end()


@pytest.fixture(scope="module")
def observer(deployment):
    """Sees everything and may say anything: what is not there did not pass the broker."""
    observer = Client(deployment, "observer")
    observer.subscribe("#")
    yield observer
    observer.leave()


@pytest.fixture(scope="module")
def login(deployment):
    """login(user) is the one connection of that user; with more arguments it is a new one."""
    clients, shared = [], {}

    def connect(user, **options):
        clients.append(Client(deployment, user, **options))
        return clients[-1]

    def make(user, **options):
        if options:
            return connect(user, **options)
        if user not in shared:
            shared[user] = connect(user)
        return shared[user]

    yield make
    for client in clients:
        client.leave()


@pytest.fixture(scope="session")
def mark():
    """mark() is a payload that was never used before."""
    counter = itertools.count()
    return lambda: f"mark {next(counter)}"
