"""The units say nothing that systemd or our programs do not understand, and keep their walls.

SKEP_BUILD_DIR names the build folder, SKEP_INSTALLED_BIN_DIR where the units expect the programs."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from daemons import BIN, DAEMONS, output_of

BUILD = os.environ["SKEP_BUILD_DIR"]
INSTALLED_BIN = os.environ["SKEP_INSTALLED_BIN_DIR"]
EXPOSURE_MAX = {"skep-queen": 12, "skep-hive": 32}  # tenths of what systemd-analyze says, the least that works


@pytest.fixture(scope="session", autouse=True)
def systemd():
    if not shutil.which("systemd-analyze"):
        pytest.exit("systemd-analyze is not installed", 77)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """What installing puts beside the programs."""
    prefix = tmp_path_factory.mktemp("installed")
    output_of("cmake", "--install", BUILD, "--prefix", prefix, "--component", "packaging")
    return prefix


@pytest.fixture(params=DAEMONS)
def daemon(request):
    return request.param


@pytest.fixture
def unit(daemon, installed, tmp_path):
    """The installed unit, which finds the programs where they have been built."""
    text = (installed / "lib/systemd/system" / f"{daemon}.service").read_text(encoding="utf-8")
    unit = tmp_path / f"{daemon}.service"
    unit.write_text(text.replace(INSTALLED_BIN + "/", f"{BIN}/"), encoding="utf-8")
    return unit


@pytest.fixture
def example(daemon, installed):
    return next(installed.glob(f"share/doc/*/examples/{daemon.removeprefix('skep-')}.ini"))


def value_of(unit, key):
    return re.search(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)[1]


def test_systemd_understands_the_unit(unit):
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_walls_are_up(daemon, unit):
    output_of("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX[daemon]}", unit)


def bytes_of(size):
    number, unit = re.fullmatch(r"(\d+)\s*([KMG]?)(?:i?B)?", size).groups()
    return int(number) << {"": 0, "K": 10, "M": 20, "G": 30}[unit]


def test_the_queen_has_the_memory_that_it_may_need(installed):
    """Less would end a queen that does what its options say; without a limit it would end other programs."""
    unit = installed / "lib/systemd/system/skep-queen.service"
    options = dict(re.findall(r"^([a-z-]+) = (\S+)", output_of(BIN / "skep-queen", "--print-config"), re.MULTILINE))
    rest = int(re.search(r"--max-state \+ (\d+) MiB", unit.read_text(encoding="utf-8"))[1])
    page = (installed / "share/doc/skep/docs/deployment.md").read_text(encoding="utf-8")
    need = int(options["max-workers"]) * 2458 + bytes_of(options["max-state"]) + (rest << 20)
    assert f"the state, and {rest} MiB" in page, "the page and the unit have one sum"
    assert abs(need / (1 << 20) - int(re.search(r"all at once, is ([\d,]+) MiB", page)[1].replace(",", ""))) < 5
    assert need <= bytes_of(value_of(unit, "MemoryMax")) < 2 * need
    assert value_of(unit, "Restart") == "on-failure", "to be ended for want of memory is a failure"


def test_program_has_the_options(daemon, unit):
    options = re.findall(r"--[a-z-]+", value_of(unit, "ExecStart"))
    known = re.findall(r"--[a-z-]+", output_of(BIN / daemon, "--help"))
    assert "--config" in options
    assert set(options) <= set(known)


def test_example_is_valid(daemon, example, tmp_path):
    copy = tmp_path / example.name  # the tree may belong to somebody else, whose configuration root does not take
    copy.write_bytes(example.read_bytes())
    assert "valid" in output_of(BIN / daemon, "--config", copy, "--check-config")


def with_every_key(text):
    """Each key that is commented out replaces what stood before it, as a reader would do."""
    lines = []
    for line in text.splitlines():
        key = re.match(r";([a-z-]+) = |;\[", line)
        if key and key[1]:
            section = max(i for i, earlier in enumerate(lines) if earlier.startswith("["))
            lines[section:] = [earlier for earlier in lines[section:] if not earlier.startswith(f"{key[1]} = ")]
        lines.append(line[1:] if key else line)
    return "\n".join(lines) + "\n"


def test_what_the_example_comments_out_is_valid(daemon, example, tmp_path):
    """The files that it names exist on a host only: one of ours takes the place of each."""
    text = with_every_key(example.read_text(encoding="utf-8"))
    file, authority = tmp_path / "file", tmp_path / "ca.crt"
    file.write_text("secret-or-worker\n", encoding="utf-8")
    output_of("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-subj",
              "/CN=ca", "-keyout", tmp_path / "ca.key", "-out", authority)
    full = tmp_path / example.name
    devices = tmp_path / "devices.ini"
    devices.write_text('[device "tasmota"]\npreset = tasmota\n', encoding="utf-8")
    text = re.sub(r"^cafile = /\S+$", f"cafile = {authority}", text, flags=re.MULTILINE)
    text = re.sub(r"^devices = /\S+$", f"devices = {devices}", text, flags=re.MULTILINE)
    full.write_text(re.sub(r"= /(etc|run)/\S+$", f"= {file}", text, flags=re.MULTILINE), encoding="utf-8")
    assert "\n;" not in text.replace("\n; ", "\n")
    assert "valid" in output_of(BIN / daemon, "--config", full, "--check-config")


def test_example_names_credentials_as_the_unit_passes_them(daemon, unit, example):
    credential, folder = value_of(unit, "LoadCredential").split(":")
    text = example.read_text(encoding="utf-8")
    files = re.findall(r"/run/credentials/(.*)/(.*)_(.*)", text)
    assert files
    for service, prefix, name in files:
        assert (service, prefix) == (unit.name, credential)
        assert f"/etc/skep/{pathlib.Path(folder).name}/{name}." in text, "the comment tells where the file lies"


def test_user_of_the_workers_is_made(installed):
    unit = installed / "lib/systemd/system/skep-hive.service"
    users = (installed / "lib/sysusers.d/skep.conf").read_text(encoding="utf-8")
    assert re.search(rf"^u {value_of(unit, 'User')} ", users, re.MULTILINE)


@pytest.mark.parametrize("status, slept", [("0", ""), ("1", ""), ("2", ""), ("6", "28\n"), ("KILL", ""), ("TERM", "")])
def test_identity_a_refused_id_is_tried_again_after_a_while(unit, tmp_path, status, slept):
    """As systemd runs it: `$$` is `$`, and how the program ended stands in the environment."""
    assert value_of(unit, "RestartPreventExitStatus") == "2"
    command = re.fullmatch(r"/bin/sh -c '(.*)'", value_of(unit, "ExecStopPost"))[1].replace("$$", "$")
    sleep = tmp_path / "sleep"
    sleep.write_text("#!/bin/sh\necho $1\n", encoding="utf-8")
    sleep.chmod(0o755)
    done = subprocess.run(["/bin/sh", "-c", command], env={"PATH": f"{tmp_path}:/bin", "EXIT_STATUS": status},
                          capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout) == (0, slept)
    assert int(value_of(unit, "RestartSec").rstrip("s")) + 28 == 30
    assert int(value_of(unit, "TimeoutStopSec").rstrip("s")) > 28


def test_pages_find_what_they_link_to(installed):
    """But for what only developers have."""
    folder = installed / "share/doc/skep"
    assert (folder / "LICENSE").is_file() and os.access(folder / "broker-config/add-user", os.X_OK)
    missing = set()
    for page in folder.rglob("*.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                missing.add(pathlib.PurePath(link).as_posix())
    assert missing <= {"CONTRIBUTING.md", "../bench/README.md"}


def test_the_broker_users_of_an_installed_tree(installed, tmp_path):
    """security.md, without a clone."""
    output_of(installed / "share/doc/skep/broker-config/make-certificates", tmp_path, "ca")
    output_of(installed / "share/doc/skep/broker-config/add-user", tmp_path, "hive-a", "hive")
    assert {"ca.crt", "acl", "passwords", "hive-a.password"} <= set(os.listdir(tmp_path))
