"""Passwords and certificates that are replaced while queen and hive run: each connect reads them, and HUP tells whether they
are any good."""

import re
import shutil
import signal
import subprocess

import pytest

from deployment import CONFIG, HOST, Deployment, await_that, hive, make_certificates, queen, run_well

START = {"queen": lambda folder, options: queen(folder, *options),
         "hive-a": lambda folder, options: hive(folder, "hive-a", *options)}


class Restartable(Deployment):
    def restart(self):
        """On the same ports: all connections are made anew."""
        self.end()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([shutil.which("mosquitto", path="/usr/sbin:/usr/bin"), "-c",
                                             self.folder / "mosquitto.conf"], stderr=log)
        await_that(self.answers, "the broker")


@pytest.fixture
def deployment(tmp_path):
    deployment = Restartable(tmp_path)
    yield deployment
    deployment.end()


@pytest.fixture(params=START)
def user(request):
    return request.param


@pytest.fixture
def start(user, deployment):
    started = []

    def make(options):
        started.append(START[user](deployment.folder, options))
        await_that(lambda: links(started[-1]) == 1, "its link")
        return started[-1]

    yield make
    for program in started:
        program.end()


def links(program):
    """Of the daemon: a hive's agents log here, too."""
    return len(re.findall(r'component=skep-(?:queen|hive) msg="connected to the broker"', program.log()))


def reload(program):
    """What it has logged of it."""
    already = len(program.log())
    program.process.send_signal(signal.SIGHUP)
    await_that(lambda: "reloaded" in program.log()[already:], "the answer to HUP")
    return next(line for line in program.log()[already:].splitlines() if "reloaded" in line)


def test_another_password_is_used_at_the_next_connect(deployment, user, start):
    program = start(deployment.by_password(user))
    before = deployment.password_file(user).read_text(encoding="ascii")
    run_well("mosquitto_passwd", "-D", deployment.folder / "passwords", user)
    acl = (deployment.folder / "acl").read_text(encoding="ascii")
    (deployment.folder / "acl").write_text(re.sub(rf"(?ms)^user {user}$.*?(?=^user |\Z)", "", acl), encoding="ascii")
    run_well(CONFIG / "add-user", deployment.folder, user, "queen" if user == "queen" else "hive")
    assert deployment.password_file(user).read_text(encoding="ascii") != before
    assert "configuration reloaded" in reload(program)
    assert links(program) == 1, "HUP ends no connection"
    deployment.restart()
    await_that(lambda: links(program) == 2, "the link with the new password")


def test_a_faulty_password_changes_nothing(deployment, user, start):
    program = start(deployment.by_password(user))
    deployment.password_file(user).write_text("\n", encoding="ascii")
    line = reload(program)
    assert "configuration not reloaded; keeping the old one" in line
    assert f"password file {deployment.password_file(user)}: first line is empty" in line
    assert links(program) == 1 and program.process.poll() is None


def test_other_certificates_are_used_at_the_next_connect(deployment, user, start):
    """All are those of another authority: neither end would take an old one."""
    program = start(deployment.by_certificate(user))
    fresh = deployment.folder / "fresh"
    fresh.mkdir()
    for arguments in ("ca",), ("server", HOST), ("client", user):
        make_certificates(fresh, *arguments)
    for name in "ca.crt", "server.crt", "server.key", f"{user}.crt", f"{user}.key":
        shutil.copy(fresh / name, deployment.folder / name)
    assert "configuration reloaded" in reload(program)
    assert links(program) == 1, "HUP ends no connection"
    deployment.restart()
    await_that(lambda: links(program) == 2, "the link with the new certificate")


@pytest.mark.parametrize("kind, what", [("ca", "CA file"), ("crt", "certificate"), ("key", "key")])
def test_a_faulty_certificate_changes_nothing(deployment, user, start, kind, what):
    own = deployment.folder / "own"
    own.mkdir()
    for suffix, name in ("ca", "ca.crt"), ("crt", f"{user}.crt"), ("key", f"{user}.key"):
        shutil.copy(deployment.folder / name, own / suffix)
    broker = deployment.by_certificate(user)[:2]
    program = start([*broker, "--cafile", own / "ca", "--cert", own / "crt", "--key", own / "key"])
    good = (own / kind).read_bytes()
    (own / kind).write_text("no certificate\n", encoding="ascii")
    line = reload(program)
    assert "configuration not reloaded; keeping the old one" in line and f"cannot use the {what} '{own / kind}'" in line
    (own / kind).write_bytes(good)
    assert "configuration reloaded" in reload(program)
    assert links(program) == 1
