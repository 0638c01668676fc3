"""Queen, hive, worker and skep over TLS: with a password, with a certificate, and what each says when a certificate is no
good."""

import json
import re
import urllib.request

import pytest

from deployment import (BIN, CERTIFICATES, FIRST_OF_MORE, HOST, PASSWORDS, Deployment, await_that, hive, make_certificates,
                        queen, run, run_well, worker)

OTHER_NAME, EXPIRED = FIRST_OF_MORE, FIRST_OF_MORE + 1


def sign(folder, name, days, alternative):
    """What make-certificates would not make."""
    key, request, certificate = (folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
    run_well("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-subj",
             f"/CN={name}", "-addext", f"subjectAltName=DNS:{alternative}", "-keyout", key, "-out", request)
    run_well("openssl", "x509", "-req", "-in", request, "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-days",
             days, "-copy_extensions", "copy", "-out", certificate)
    return certificate, key


def bad_listeners(folder):
    return [sign(folder, "other-name", 10, "other.example"), sign(folder, "expired", -1, HOST)]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp("broker"), bad_listeners)
    foreign = deployment.folder / "foreign"
    foreign.mkdir()
    make_certificates(foreign, "ca")
    make_certificates(foreign, "client", "hive-a")
    yield deployment
    deployment.end()


@pytest.fixture(params=["queen", "hive", "worker"])
def start(request, deployment):
    """start(options) starts the program under test."""
    started = []

    def queen_with(*options):
        return queen(deployment.folder, *options)

    def worker_with(*options):
        return worker(deployment.folder, "hive-a", "w1", *options)

    def hive_with(*options):
        return hive(deployment.folder, "hive-a", *options)

    def make(*options):
        started.append({"queen": queen_with, "hive": hive_with, "worker": worker_with}[request.param](*options))
        return started[-1]

    yield make
    for program in started:
        program.end()


def refused(program, sentence):
    """It says so, in one line, and does not get in."""
    program.await_log(re.escape(sentence) + '"')
    lines = [line for line in program.log().splitlines() if "level=warning" in line or "level=error" in line]
    assert len(lines) == 1 and "connected to the broker" not in program.log(), program.log()


UNTRUSTED = "the broker's certificate is not signed by a trusted authority"

BAD_BROKERS = [
    (PASSWORDS, "foreign/ca.crt", UNTRUSTED, "wrong CA"),
    (OTHER_NAME, "ca.crt", "the broker's certificate is for another host name", "wrong name"),
    (EXPIRED, "ca.crt", "the broker's certificate has expired", "expired"),
]


@pytest.mark.parametrize("listener,authority,sentence,why", BAD_BROKERS)
def test_a_bad_broker_is_refused(deployment, start, listener, authority, sentence, why):
    program = start(*deployment.broker(listener, authority))
    refused(program, f"TLS with {HOST}:{deployment.ports[listener]} failed: {sentence}")


def test_an_authority_unknown_to_the_system_is_refused(deployment, start):
    program = start(*deployment.broker(PASSWORDS)[:2])
    refused(program, f"TLS with {HOST}:{deployment.ports[PASSWORDS]} failed: {UNTRUSTED}")


def test_a_missing_file_is_named(deployment, start):
    start(*deployment.broker(PASSWORDS, "nothing.crt")).await_log("cannot read the CA file .*nothing.crt'?: No such file")


# A broker that refuses a client's certificate closes at once; whether its alert can still be read is a race.
CUT_OFF = "|the broker closed it; perhaps .* the client certificate is missing or not accepted"


def client_certificate(folder, name):
    return ["--cert", folder / f"{name}.crt", "--key", folder / f"{name}.key"]


def test_a_client_without_certificate_is_refused(deployment, start):
    start(*deployment.broker(CERTIFICATES)).await_log("the broker requires a client certificate" + CUT_OFF)


def test_an_expired_client_is_refused(deployment, start):
    program = start(*deployment.broker(CERTIFICATES), *client_certificate(deployment.folder, "expired"))
    program.await_log("the broker finds the client certificate expired" + CUT_OFF)


def test_a_client_of_a_foreign_authority_is_refused(deployment, start):
    program = start(*deployment.broker(CERTIFICATES), *client_certificate(deployment.folder / "foreign", "hive-a"))
    program.await_log("the broker does not trust the authority that signed the client certificate" + CUT_OFF)


def test_a_wrong_password_is_refused(deployment, start):
    options = [*deployment.broker(PASSWORDS), "--username", "hive-a", "--password-file",
               deployment.password_file("hive-b")]
    start(*options).await_log("[Nn]ot authori[sz]ed")


@pytest.mark.parametrize("login", ["by_password", "by_certificate"])
def test_queen_and_worker_work_together(deployment, login):
    """The ACL lets through all that they need: the queen sees the worker, its life and its death."""
    options = getattr(deployment, login)
    programs = [queen(deployment.folder, *options("queen")), worker(deployment.folder, "hive-a", login, *options("hive-a"))]
    try:
        port = programs[0].await_log(r"msg=started .*\bport=(\d+)")[1]
        url = f"http://127.0.0.1:{port}/v1/hives/hive-a/workers/{login}"
        await_that(lambda: state(url) == "online", "online")
        programs[1].end()
        await_that(lambda: state(url) == "stale", "stale")
        assert "refuse" not in programs[0].log() + programs[1].log()
    finally:
        for program in programs:
            program.end()


@pytest.mark.parametrize("login", ["by_password", "by_certificate"])
def test_queen_and_hive_work_together(deployment, login):
    """She may ask the hive, and judge it and its worker; it is told."""
    options = getattr(deployment, login)
    programs = [queen(deployment.folder, *options("queen")), hive(deployment.folder, "hive-b", *options("hive-b"))]
    try:
        port = programs[0].await_log(r"msg=started .*\bport=(\d+)")[1]
        url = f"http://127.0.0.1:{port}/v1/hives/hive-b"
        await_that(lambda: state(url) == "ready", "ready")
        await_that(lambda: state(f"{url}/workers/job") == "online", "online")
        health = run(BIN / "skep", "health", "hive/hive-b", *options("alice"))
        assert health.returncode == 0 and "via mqtt" in health.stdout, health.stderr
        programs[1].process.terminate()
        await_that(lambda: state(url) == "offline", "offline")
        assert "refuse" not in programs[0].log() + programs[1].log()
    finally:
        for program in programs:
            program.end()


@pytest.mark.parametrize("listener,authority,sentence,why", BAD_BROKERS)
def test_skep_refuses_a_bad_broker(deployment, listener, authority, sentence, why):
    done = run(BIN / "skep", "health", "queen/queen", *deployment.broker(listener, authority), "--username", "alice",
               "--password-file", deployment.password_file("alice"))
    assert done.returncode == 5 and sentence in done.stderr, done.stderr


def state(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["state"]
    except urllib.error.HTTPError:
        return None
