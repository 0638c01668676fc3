"""docker-compose.yml and Dockerfile name nothing that does not exist. Needs no engine.

SKEP_BIN_DIR names the programs' folder."""

import json
import os
import pathlib
import pwd
import re
import shlex
import socket
import subprocess
import time

import pytest
import yaml

PROJECT = pathlib.Path(__file__).parents[3]
BIN = pathlib.Path(os.environ["SKEP_BIN_DIR"])
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
STAGES = dict(re.findall(r"^FROM \S+ AS (\w+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL))
HIVES = [name for name in SERVICES if name.startswith("hive-")]
OURS = ["queen", *HIVES]
LIMIT_S = 30


def output_of(*command, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SKEP_")}
    done = subprocess.run(command, env={**kept, **environment}, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def words_of(service, instruction):
    """The words of CMD, or of another instruction that ends in CMD, of the stage that a service runs."""
    stage = STAGES[SERVICES[service]["build"]["target"]]
    return json.loads(re.search(rf"^{instruction} (\[.*\])$", stage, re.MULTILINE)[1])


def command_of(service):
    return SERVICES[service].get("command") or words_of(service, "CMD")


@pytest.fixture(params=OURS)
def ours(request):
    """A service that runs one of our daemons."""
    return request.param


def test_images_are_pinned():
    for service in SERVICES.values():
        assert ("build" in service) != ("image" in service)
        assert "image" not in service or re.search(r":\d+\.\d+\.\d+$", service["image"])


def test_stages_exist():
    for service in SERVICES.values():
        assert "build" not in service or service["build"]["target"] in STAGES


def test_the_host_publishes_on_its_loopback_only():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_walls():
    for name, service in SERVICES.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert all("USER skep" in STAGES[SERVICES[name]["build"]["target"]] for name in OURS)


def test_mounted_files_exist_and_are_read_only():
    for mount in (mount for service in SERVICES.values() for mount in service.get("volumes", [])):
        source, target, *mode = mount.split(":")
        if source.startswith("."):
            assert (PROJECT / source).is_file(), "the engine makes a folder of what is missing"
            assert mode == ["ro"], mount
        else:
            assert source in COMPOSE["volumes"]


def test_each_service_sees_its_own_secrets_only():
    for name, service in SERVICES.items():
        secrets = [mount.split(":")[0] for mount in service.get("volumes", []) if mount.startswith("auth-")]
        expected = [f"auth-{name}"] if name != "setup" else [v for v in COMPOSE["volumes"] if v.startswith("auth-")]
        assert secrets == expected
    assert [f"auth-{name}:/auth/{name}" for name in ("broker", *OURS)] == SERVICES["setup"]["volumes"]


def test_start_order():
    assert SERVICES["setup"].get("depends_on") is None
    assert SERVICES["setup"]["command"] == HIVES
    assert SERVICES["broker"]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    assert SERVICES["queen"]["depends_on"] == {"broker": {"condition": "service_healthy"}}
    for hive in HIVES:
        assert SERVICES[hive]["depends_on"] == {"queen": {"condition": "service_healthy"}}


def test_programs_know_their_settings(ours):
    program, *arguments = command_of(ours)
    known = output_of(BIN / program, "--help")
    for option in (word for word in arguments if word.startswith("--")):
        assert re.search(rf"{option}\b", known), option
    for name in SERVICES[ours].get("environment", {}):
        assert re.search(rf"\b{name}\b", known), name


def test_configuration_is_valid(ours, tmp_path):
    """With the mounted files as they are, and with secrets of our own."""
    mounted = {target: str(PROJECT / source) for source, target, *_ in
               (mount.split(":") for mount in SERVICES[ours]["volumes"]) if source.startswith(".")}

    def here(word):
        secret = tmp_path / pathlib.Path(word).name
        if word.startswith("/run/secrets/"):
            secret.write_text("secret\n", encoding="utf-8")
            return str(secret)
        return mounted.get(word, word)

    program, *arguments = map(here, command_of(ours))
    for i, word in enumerate(arguments[:-1]):  # what a file names is there in the container, too
        if word == "--config":
            copy = tmp_path / "copy.ini"
            copy.write_text(re.sub(r"/(run/secrets|var/lib)/", lambda found: f"{tmp_path}/", pathlib.Path(
                arguments[i + 1]).read_text(encoding="utf-8")), encoding="utf-8")
            here("/run/secrets/password")
            arguments[i + 1] = str(copy)
    environment = {name: here(value) for name, value in SERVICES[ours].get("environment", {}).items()}
    assert "valid" in output_of(BIN / program, *arguments, "--check-config", **environment)


def test_health_check_asks_where_the_daemon_answers(ours):
    program, command, url = words_of(ours, "HEALTHCHECK .*CMD")
    answers_at = SERVICES[ours].get("environment", {}).get("SKEP_HTTP") or re.search(
        r"^http = (\S+)", output_of(BIN / command_of(ours)[0], "--print-config"), re.MULTILINE)[1]
    assert (program, url) == ("skep", f"http://127.0.0.1:{answers_at.rpartition(':')[2]}")
    assert re.search(rf"^  {command} ", output_of(BIN / "skep", "--help"), re.MULTILINE)


def test_hives_have_three_workers_each():
    assert HIVES == ["hive-1", "hive-2"]
    for hive in HIVES:
        assert command_of(hive)[-4:] == ["--id", hive, "--username", hive]
    workers = re.findall(r"^\[worker ", (PROJECT / "packaging/compose/hive.ini").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(workers) == 3


def test_image_has_the_libraries():
    installed = set(shlex.split(re.search(r"install -y --no-install-recommends (.*?)&&", STAGES["run"])[1]))
    dynamic = output_of("objdump", "-p", *(BIN / name for name in ("skep", "skep-queen", "skep-hive", "skep-worker", "skep-probe")))
    for library in set(re.findall(r"NEEDED +(\S+)", dynamic)):
        if not re.match(r"(libc|libm|ld-linux.*)\.so", library):
            owners = output_of("dpkg", "-S", f"*/{library}")
            assert installed & set(re.findall(r"^([^:]+):", owners, re.MULTILINE)), f"nobody installs {owners}"


def settings_of(name):
    text = (PROJECT / "broker-config" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_broker_behaves_as_that_of_the_demo():
    own = {"listener", "allow_anonymous", "password_file", "acl_file", "persistence_location", "connection_messages"}
    common = [[line for line in settings_of(name) if line.split()[0] not in own]
              for name in ("mosquitto.conf", "compose.conf")]
    assert common[0] == common[1]


def test_broker_refuses_strangers(tmp_path):
    """The configuration as it is, but for where things lie."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "passwords").touch(mode=0o600)
    (tmp_path / "acl").write_text("# nobody\n", encoding="utf-8")
    text = "\n".join(settings_of("compose.conf")).replace("listener 1883", f"listener {port} 127.0.0.1")
    text = re.sub(r"/mosquitto/(auth|data)", str(tmp_path), text)
    (tmp_path / "mosquitto.conf").write_text(f"{text}\nuser {pwd.getpwuid(os.getuid()).pw_name}\n", encoding="utf-8")
    broker = subprocess.Popen(["mosquitto", "-c", tmp_path / "mosquitto.conf"],
                              env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    try:
        assert await_answer(broker, port) == 5  # CONNACK: not authorised
    finally:
        broker.kill()
        broker.wait(LIMIT_S)


def await_answer(broker, port):
    """What mosquitto_sub ends with, once there is a broker."""
    end = time.monotonic() + LIMIT_S
    while broker.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return subprocess.run(["mosquitto_sub", "-p", str(port), "-t", "a", "-E"], timeout=LIMIT_S).returncode
        time.sleep(0.05)
    raise AssertionError("no broker")
