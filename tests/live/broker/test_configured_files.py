"""The files that a configuration names: --check-config reads what a start reads, and both refuse the same."""

import os
import re
import shutil
import subprocess

import pytest

from fleet import BIN, LIMIT_S, Broker, Program, await_that, clean_environment

PROGRAMS = {"skep-queen": ["--http", "127.0.0.1:0"], "skep-hive": ["--http", "127.0.0.1:0", "--id", "h"],
            "skep-worker": ["--id", "w", "--simulate"]}
SOMEBODY = 2001


def run(program, *arguments):
    return subprocess.run([BIN / program, *PROGRAMS[program], *arguments], capture_output=True, text=True, timeout=LIMIT_S,
                          env=clean_environment(), stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A password, and two certificates with their keys."""
    folder = tmp_path_factory.mktemp("good")
    for name in "client", "other":
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc",
                        "-subj", "/CN=a", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"], check=True,
                       capture_output=True)
    (folder / "password").write_text("secret\n", encoding="ascii")
    return folder


def replace(text):
    return lambda path: path.write_text(text, encoding="ascii")


def make_folder(path):
    path.unlink()
    path.mkdir()


def take_the_others(path):
    shutil.copy(path.with_name("other.key"), path)


FAULTS = [
    ("password", lambda path: path.unlink(), "No such file or directory"),
    ("password", lambda path: path.chmod(0o666), "chmod go-w "),
    ("password", lambda path: os.chown(path, SOMEBODY, -1), "chown 0 "),
    ("password", replace("\n"), "first line is empty"),
    ("password", make_folder, "not a regular file"),
    ("ca.crt", lambda path: path.unlink(), "No such file or directory"),
    ("ca.crt", replace("no certificate\n"), "cannot use the CA file"),
    ("client.crt", lambda path: path.unlink(), "No such file or directory"),
    ("client.crt", replace("no certificate\n"), "cannot use the certificate"),
    ("client.key", lambda path: path.chmod(0o660), "chmod go-w "),
    ("client.key", lambda path: os.chown(path, SOMEBODY, -1), "chown 0 "),
    ("client.key", take_the_others, "key values mismatch"),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_start_refuses_is_no_valid_configuration(program, good, tmp_path):
    for i, (name, spoil, says) in enumerate(FAULTS):
        if "chown" in says and os.getuid() != 0:
            continue
        folder = tmp_path / str(i)
        shutil.copytree(good, folder)
        shutil.copy(folder / "client.crt", folder / "ca.crt")
        options = ["--broker", "mqtts://127.0.0.1:1", "--username", "u", "--password-file", folder / "password",
                   "--cafile", folder / "ca.crt", "--cert", folder / "client.crt", "--key", folder / "client.key"]
        done = run(program, *options, "--check-config")
        assert (done.returncode, done.stdout) == (0, "configuration is valid\n"), done.stderr
        spoil(folder / name)
        checked, started = run(program, *options, "--check-config"), run(program, *options)
        assert (checked.returncode, started.returncode) == (2, 2), (name, says)
        assert checked.stderr == started.stderr and checked.stderr.count("\n") == 1
        assert says in checked.stderr and str(folder / name) in checked.stderr


def test_a_list_of_workers_is_read(tmp_path):
    expected = tmp_path / "list"
    expected.write_text("h1/w1\nh1/a b\n", encoding="ascii")
    done = run("skep-queen", "--expect", expected, "--check-config")
    assert done.returncode == 2 and f"--expect {expected}: line 2: " in done.stderr
    expected.write_text("h1/w1\nh1/w2\n", encoding="ascii")
    assert run("skep-queen", "--expect", expected, "--check-config").returncode == 0
    assert run("skep-queen", "--expect", expected, "--max-workers", "1", "--check-config").returncode == 2


def test_a_file_that_gets_bad_while_it_runs_is_waited_for(tmp_path):
    """The log says what is wrong, and the next attempt takes what is there."""
    broker, password = Broker(tmp_path), tmp_path / "password"
    password.write_text("secret\n", encoding="ascii")
    password.chmod(0o600)
    queen = Program(tmp_path, BIN / "skep-queen", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--http", "127.0.0.1:0",
                    "--username", "u", "--password-file", password)
    broker.end()
    queen.start()
    try:
        await_that(lambda: "cannot connect to" in queen.said(), "the first attempt")
        password.chmod(0o666)
        await_that(lambda: re.search("cannot reach the broker; retrying.*password file .*chmod go-w", queen.said()),
                   "what is wrong")
        password.chmod(0o600)
        broker.start_again()
        await_that(lambda: "connected to the broker" in queen.said(), "the link")
    finally:
        queen.end()
        broker.end()
