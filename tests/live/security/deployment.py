"""A broker as docs/security.md sets it up: certificates, users and ACL by the scripts, secure.conf but for its ports."""

import getpass
import os
import pathlib
import re
import socket
import subprocess
import time

CONFIG = pathlib.Path(__file__).parents[3] / "broker-config"
BIN = pathlib.Path(os.environ["SKEP_BIN_DIR"])
os.umask(0o022)  # daemons trust no file that others may write
LIMIT_S = 20  # for whatever has to happen at all
HOST = "localhost"
PASSWORDS, CERTIFICATES, FIRST_OF_MORE = range(3)  # listeners

USERS = (
    ("hive-a", "hive"),
    ("hive-b", "hive"),
    ("lab-a", "worker", "hive-a"),
    ("queen", "queen"),
    ("alice", "operator"),
    ("bob", "viewer"),
)

# For the tests alone: one who sees everything, and a topic by which everybody learns that all before has been delivered.
TEST_ACL = "\nuser observer\ntopic readwrite #\npattern read test/end/%u\n"


def await_that(condition, what):
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {LIMIT_S} s"
        time.sleep(0.01)


def run(program, *arguments, **options):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT_S, **options)


def run_well(program, *arguments):
    done = run(program, *arguments)
    assert done.returncode == 0, done.stderr


def make_certificates(*arguments):
    run_well(CONFIG / "make-certificates", *arguments)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Deployment:
    """Its folder has what the scripts made. more(folder) makes (certificate, key) pairs for further listeners."""

    def __init__(self, folder, more=lambda _folder: []):
        self.folder = folder
        make_certificates(folder, "ca")
        make_certificates(folder, "server", HOST)
        make_certificates(folder, "client", *(user[0] for user in USERS))
        for user in USERS:
            run_well(CONFIG / "add-user", folder, *user)
        run_well(CONFIG / "add-user", folder, "observer", "hive")
        acl = (folder / "acl").read_text(encoding="ascii").replace("\n#topic read ", "\ntopic read ")  # with devices
        (folder / "acl").write_text(acl + TEST_ACL, encoding="ascii")
        self.more = more(folder)
        self.start()

    def configuration(self, passwords, certificates, *more):
        text = (CONFIG / "secure.conf").read_text(encoding="ascii")
        for old, new in (("listener 8883", f"listener {passwords} 127.0.0.1"),
                         ("listener 8884", f"listener {certificates} 127.0.0.1"),
                         ("/etc/mosquitto/skep", str(self.folder)), ("/var/lib/mosquitto", str(self.folder))):
            assert old in text
            text = text.replace(old, new)
        for port, (certificate, key) in zip(more, self.more):
            text += f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"
        return text + f"user {getpass.getuser()}\n"  # as root it would become `mosquitto`, who may not read the folder

    def start(self):
        """Another program may take a port before the broker does: then it ends at once, and the next ones may be free."""
        for _ in range(5):
            self.ports = free_ports(2 + len(self.more))
            (self.folder / "mosquitto.conf").write_text(self.configuration(*self.ports), encoding="ascii")
            with open(self.folder / "log", "wb") as log:
                self.process = subprocess.Popen(["mosquitto", "-c", self.folder / "mosquitto.conf"], stderr=log,
                                                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
            await_that(lambda: self.answers() or self.process.poll() is not None, "the broker")
            if self.process.poll() is None:
                return
        raise AssertionError((self.folder / "log").read_text(encoding="utf-8"))

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.ports[-1]), LIMIT_S).close()
            return True
        except ConnectionRefusedError:
            return False

    def password_file(self, user):
        return self.folder / f"{user}.password"

    def broker(self, listener, authority="ca.crt"):
        """Options with which a program of ours finds a listener and trusts an authority."""
        return ["--broker", f"mqtts://{HOST}:{self.ports[listener]}", "--cafile", self.folder / authority]

    def by_password(self, user):
        return [*self.broker(PASSWORDS), "--username", user, "--password-file", self.password_file(user)]

    def by_certificate(self, user):
        return [*self.broker(CERTIFICATES), "--cert", self.folder / f"{user}.crt", "--key", self.folder / f"{user}.key"]

    def end(self):
        self.process.terminate()
        self.process.wait(LIMIT_S)


class Program:
    """One of ours that runs, and what it has logged."""

    def __init__(self, folder, name, *arguments):
        self.path = folder / f"{name}-{time.monotonic_ns()}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SKEP_")}
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen([BIN / name, *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=log,
                                            env=environment)

    def log(self):
        return self.path.read_text(encoding="utf-8")

    def await_log(self, pattern):
        await_that(lambda: re.search(pattern, self.log()) or self.process.poll() is not None, f"'{pattern}'")
        found = re.search(pattern, self.log())
        assert found, f"ended without '{pattern}': {self.log()}"
        return found

    def end(self):
        self.process.kill()  # what it would say in leaving is no part of these tests
        self.process.wait(LIMIT_S)


class Hive(Program):
    def end(self):
        """With its workers."""
        self.process.terminate()
        self.process.wait(LIMIT_S)


def queen(folder, *options):
    return Program(folder, "skep-queen", "--http", "127.0.0.1:0", *options)


def hive(folder, name, *options):
    """With one worker, `job`."""
    ini = folder / f"{name}.ini"
    ini.write_text('[agent]\ninterval = 1s\n[worker "job"]\ncommand = sleep 1000\n', encoding="ascii")
    return Hive(folder, "skep-hive", "--http", "127.0.0.1:0", "--id", name, "--config", ini,
                "--state-dir", folder / f"{name}-{time.monotonic_ns()}.state", *options)


def worker(folder, hive, name, *options):
    return Program(folder, "skep-worker", "--hive", hive, "--id", name, "--interval", "1s", "--simulate", *options)
