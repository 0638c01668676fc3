"""make-certificates and add-user: what they make, what they refuse, and that they leave alone what is there."""

import stat

import pytest

from deployment import CONFIG, make_certificates, run, run_well

BAD_USERS = [
    (["a/b", "hive"], "is no name"),
    (["+", "hive"], "is no name"),
    (["", "hive"], "is no name"),
    (["x" * 65, "hive"], "is no name"),
    (["two\nlines", "hive"], "is no name"),
    (["a", "king"], "is no role"),
    (["a", "worker"], "needs the id of its hive"),
    (["a", "worker", "a"], "hive's own user"),
    (["a", "worker", "#"], "is no id of a hive"),
    (["a", "viewer", "hive-a"], "only a worker"),
    (["known", "viewer"], "already"),
    (["known", "hive"], "already"),
]

BAD_CERTIFICATES = [
    (["ca"], "exists already"),
    (["server", "localhost"], "exists already"),
    (["client", "hive-a"], "exists already"),
    (["client", "../hive-a"], "is no user"),
    (["client", "server"], "another file"),
    (["server", "a\nb"], "is no name or address"),
    (["server"], "usage"),
    (["king"], "usage"),
]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def users(tmp_path):
    run_well(CONFIG / "add-user", tmp_path, "known", "operator")
    return tmp_path


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    make_certificates(folder, "ca")
    make_certificates(folder, "server", "localhost", "127.0.0.1", "::1")
    make_certificates(folder, "client", "hive-a")
    return folder


@pytest.mark.parametrize("arguments,why", BAD_USERS)
def test_add_user_refuses(users, arguments, why):
    before = contents(users)
    done = run(CONFIG / "add-user", users, *arguments)
    assert done.returncode == 2 and why in done.stderr
    assert contents(users) == before


def test_add_user_keeps_secrets(users):
    password = (users / "known.password").read_text(encoding="ascii").strip()
    assert len(password) == 64
    assert password not in (users / "passwords").read_text(encoding="ascii")
    assert {stat.S_IMODE(path.stat().st_mode) for path in users.iterdir()} == {0o600}


def test_add_user_adds_what_the_role_may(users):
    run_well(CONFIG / "add-user", users, "lab-1", "worker", "lab")
    run_well(CONFIG / "add-user", users, "lab", "hive")
    acl = (users / "acl").read_text(encoding="ascii")
    assert acl.startswith((CONFIG / "acl").read_text(encoding="ascii"))
    assert acl.count("\nuser ") == 3
    assert "topic write skep/v1/hive/lab/heartbeat" in acl
    assert "topic write skep/v1/hive/lab/worker/+/heartbeat" in acl and "@" not in acl


@pytest.mark.parametrize("arguments,why", BAD_CERTIFICATES)
def test_make_certificates_refuses(authority, arguments, why):
    before = contents(authority)
    done = run(CONFIG / "make-certificates", authority, *arguments)
    assert done.returncode == 2 and why in done.stderr
    assert contents(authority) == before


def test_make_certificates_needs_an_authority(tmp_path):
    done = run(CONFIG / "make-certificates", tmp_path, "client", "hive-a")
    assert done.returncode == 2 and "no authority" in done.stderr
    assert not contents(tmp_path)


def test_keys_are_private(authority):
    assert {stat.S_IMODE(path.stat().st_mode) for path in authority.glob("*.key")} == {0o600}


@pytest.mark.parametrize("name,purpose,fits", [
    ("server", "sslserver", True), ("hive-a", "sslclient", True),
    ("server", "sslclient", False), ("hive-a", "sslserver", False),
])
def test_certificates_are_for_one_purpose(authority, name, purpose, fits):
    done = run("openssl", "verify", "-purpose", purpose, "-CAfile", authority / "ca.crt", authority / f"{name}.crt")
    assert (done.returncode == 0) == fits, done.stderr


@pytest.mark.parametrize("option,value,fits", [
    ("-verify_hostname", "localhost", True), ("-verify_ip", "127.0.0.1", True), ("-verify_ip", "::1", True),
    ("-verify_hostname", "other.example", False),
])
def test_the_server_is_known_by_its_names(authority, option, value, fits):
    done = run("openssl", "verify", option, value, "-CAfile", authority / "ca.crt", authority / "server.crt")
    assert (done.returncode == 0) == fits, done.stderr
