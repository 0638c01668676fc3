"""HUP to a queen: the token is read again, and what is not valid changes nothing."""

import signal
import urllib.error
import urllib.request

import pytest

from fleet import LIMIT_S, Queen, await_that


@pytest.fixture
def token(tmp_path):
    token = tmp_path / "token"
    token.write_text("first\n", encoding="ascii")
    return token


def status_of(queen, token):
    """Of a write: 404 for who may, since there is no such worker."""
    request = urllib.request.Request(f"{queen.url}/v1/hives/h1/workers/none", method="DELETE",
                                     headers={"Authorization": f"Bearer {token}"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=LIMIT_S)
    return error.value.code


def reload(queen):
    """What it has logged of it."""
    already = len(queen.said())
    queen.send(signal.SIGHUP)
    await_that(lambda: "reloaded" in queen.said()[already:], "the answer to HUP")
    return queen.said()[already:]


def test_another_token_counts(broker, root, started, token):
    queen = started(Queen, broker, root, "--token-file", token)
    assert (status_of(queen, "first"), status_of(queen, "second")) == (404, 401)
    token.write_text("second\n", encoding="ascii")
    assert (status_of(queen, "first"), status_of(queen, "second")) == (404, 401), "not before HUP"
    assert "configuration reloaded" in reload(queen)
    assert (status_of(queen, "first"), status_of(queen, "second")) == (401, 404)
    assert "configuration reloaded" in reload(queen), "nothing has changed"
    assert status_of(queen, "second") == 404
    assert queen.said().count("connected to the broker") == 1, "its link stays"


@pytest.mark.parametrize("spoil, why", [
    (lambda token: token.unlink(), "No such file"),
    (lambda token: token.write_text("\n", encoding="ascii"), "first line is empty"),
    (lambda token: token.chmod(0o666), "chmod go-w "),
])
def test_a_faulty_token_changes_nothing(broker, root, started, token, spoil, why):
    queen = started(Queen, broker, root, "--token-file", token)
    spoil(token)
    log = reload(queen)
    assert "level=error" in log and "configuration not reloaded; keeping the old one" in log
    assert f"--token-file {token}: " in log and why in log and log.count("\n") == 1
    assert status_of(queen, "first") == 404
    assert queen.ask("/health")[0] == 200


@pytest.mark.parametrize("text, why", [
    ("[queen]\nstale-after = 90\n", ":2: stale-after 90: must be a duration"),
    ("[queen]\n\nusername = somebody\n", ":3: username cannot change while the program runs: restart it"),
    ("[queeen]\n", ":1: unknown section [queeen]"),
])
def test_a_faulty_file_changes_nothing(broker, root, started, tmp_path, text, why):
    ini = tmp_path / "queen.ini"
    ini.write_text("[queen]\n", encoding="ascii")
    queen = started(Queen, broker, root, "--config", ini)
    ini.write_text(text, encoding="ascii")
    log = reload(queen)
    assert f"{ini}{why}" in log and log.count("\n") == 1
    assert queen.ask("/health")[0] == 200
