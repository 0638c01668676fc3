"""The GPUs of a host, by a library of NVIDIA's that is not (fake_nvml.c) and files as AMD's driver shows them."""

import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

from fleet import BIN, LIMIT_S, await_that, clean_environment, is_running
from hive import section

pytestmark = pytest.mark.skipif(any(pathlib.Path("/sys/class/drm").glob("card*/device/mem_info_vram_total")),
                                reason="this machine has a GPU of AMD's")
LIBRARY = pathlib.Path(os.environ["SKEP_FAKE_NVML"]).parent
ALL = ("uuid", "name", "utilization", "memory_used_bytes", "memory_total_bytes", "temperature_c", "errors")


class Driver:
    """What the library does, in files."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        folder.mkdir()
        monkeypatch.setenv("LD_LIBRARY_PATH", str(LIBRARY))
        monkeypatch.setenv("FAKE_NVML", str(folder))

    def put(self, name, text=""):
        """At once: the library reads at any time."""
        (self.folder / f"{name}.new").write_text(f"{text}\n", encoding="ascii")
        (self.folder / f"{name}.new").rename(self.folder / name)

    def remove(self, name):
        (self.folder / name).unlink()


@pytest.fixture
def driver(tmp_path, monkeypatch):
    return Driver(tmp_path / "driver", monkeypatch)


@pytest.fixture
def gpus(listener, broker):
    """gpus(hive, wanted) waits until the GPUs of its heartbeat are wanted: None where it has none."""
    def fresh(hive):
        time.sleep(0.2)
        since = len(listener.messages)
        hive.ask("beat", port=broker.port)
        return listener.await_document(f"{hive.root}/hive/{hive.name}/heartbeat", since, status="ready")[0].get("gpus")

    def await_gpus(hive, wanted, what):
        def fits():
            found = fresh(hive)
            return [found] if wanted(found) else None
        return await_that(fits, what, 3 * LIMIT_S)[0]
    return await_gpus


def readers(hive):
    """Pids of the processes that read the GPUs of this hive."""
    try:
        children = pathlib.Path(f"/proc/{hive.process.pid}/task/{hive.process.pid}/children").read_text("ascii").split()
        return [int(pid) for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text("ascii") == "skep-gpu\n"]
    except FileNotFoundError:
        return []


def test_several_gpus(hive, driver, gpus, queen):
    driver.put("count", 2)
    driver.put("xids-1", 3)
    hive = hive("")
    found = gpus(hive, lambda gpus: gpus and gpus[1]["errors"] == 3, "two GPUs")
    assert found == [
        {"index": 0, "uuid": "GPU-00000000-fake", "name": "Fake H100", "utilization": 0.05, "memory_used_bytes": 1 << 30,
         "memory_total_bytes": 80 << 30, "temperature_c": 40, "errors": 2},
        {"index": 1, "uuid": "GPU-00000001-fake", "name": "Fake H100", "utilization": 0.15, "memory_used_bytes": 2 << 30,
         "memory_total_bytes": 80 << 30, "temperature_c": 41, "errors": 3}]
    await_that(lambda: queen.ask("/v1/hives/hive-a")[1]["heartbeat"].get("gpus") == found, "the queen's document")
    driver.put("count", 1)
    assert gpus(hive, lambda gpus: gpus and len(gpus) == 1, "one that is gone")[0]["index"] == 0
    assert "GPU" not in hive.said()


def test_a_worker_has_the_gpus_that_its_processes_use(hive, driver, gpus, queen, watched):
    driver.put("count", 3)
    uses, other = watched("uses"), watched("other")
    hive = hive(section(uses, "uses") + section(other, "other"))
    _, companion = uses.await_start()
    other.await_start()
    driver.put("pids-0", f"{os.getpid()}")
    driver.put("pids-2", f"{companion}\n{os.getpid()}\n4194303")
    hive.await_witness("uses", "running", gpus=[2])
    hive.await_witness("other", "running", gpus=[])
    await_that(lambda: (queen.worker("hive-a/uses") or {}).get("witness", {}).get("gpus") == [2], "the queen's document")
    driver.put("pids-0", f"{companion}")
    hive.await_witness("uses", "running", gpus=[0, 2])


def test_calls_that_are_not_supported(hive, driver, gpus):
    """Each value is null; and so are those of a GPU that has fallen off its bus."""
    driver.put("count", 1)
    driver.put("unsupported")
    hive = hive("")
    nothing = [{"index": 0, **dict.fromkeys(ALL)}]
    assert gpus(hive, lambda gpus: gpus, "a GPU") == nothing
    driver.remove("unsupported")
    gpus(hive, lambda gpus: gpus and gpus[0]["name"], "its name")
    driver.put("missing")
    assert gpus(hive, lambda gpus: gpus and not gpus[0]["name"], "a GPU that is lost") == nothing
    assert hive.get("/health")["status"] == "pass"


def test_a_call_that_hangs_stops_nothing(hive, driver, gpus, watched, listener):
    """The hive starts its worker, beats and ends while the library does not come back."""
    driver.put("count", 1)
    driver.put("hang", 5)
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    reader = await_that(lambda: readers(hive), "the process that reads the GPUs")[0]
    assert hive.get("/health")["status"] == "pass"
    gpus(hive, lambda gpus: gpus, "the GPU, at last")
    assert readers(hive) == [reader], "it was waited for"
    driver.put("hang", 1000)
    await_that(lambda: not (driver.folder / "hang").exists(), "the next call")
    listener.await_document(f"{hive.root}/hive/hive-a/heartbeat", len(listener.messages), status="ready")
    assert hive.end() == 0
    await_that(lambda: not is_running(reader), "the end of the process that hangs")


def test_a_library_that_crashes_stops_nothing(hive, driver, gpus):
    driver.put("count", 1)
    hive = hive("")
    gpus(hive, lambda gpus: gpus, "a GPU")
    driver.put("crash")
    gpus(hive, lambda gpus: gpus is None, "that nothing is known")
    driver.remove("crash")
    gpus(hive, lambda gpus: gpus, "the GPU again")
    assert hive.said().count("cannot read the GPUs; retrying") == 1
    assert "the process that reads them ended with SIGKILL" in hive.said()


def test_the_reader_ends_with_its_hive(hive, driver):
    driver.put("count", 1)
    hive = hive("")
    reader = await_that(lambda: readers(hive), "the process that reads the GPUs")[0]
    hive.kill()
    await_that(lambda: not is_running(reader), "its end")


@pytest.mark.parametrize("mode", ["off", "auto"])
def test_without_gpus_nothing_is_published(hive, driver, gpus, mode):
    """They are not wanted, or the driver is not there."""
    if mode == "off":
        driver.put("count", 1)
    hive = hive("", "--gpu", mode, "--log-level", "debug")
    gpus(hive, lambda gpus: gpus is None, "a heartbeat")
    if mode == "off":
        assert readers(hive) == []
    else:
        await_that(lambda: "no GPU found" in hive.said(), "the search")
        assert "level=debug" in next(line for line in hive.said().splitlines() if "no GPU found" in line)
    assert "cannot read the GPUs" not in hive.said()


def ask_reader(root):
    """What the process reports of what is below the folder; None: it has ended."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with subprocess.Popen(["skep-gpu", root], executable=BIN / "skep-hive", stdin=its, env=clean_environment()) as process:
        its.close()
        ours.settimeout(LIMIT_S)
        ours.send(b"?")
        report = ours.recv(65536)
        ours.close()
        code = process.wait(LIMIT_S)
    return json.loads(report) if report else None, code


def card(root, number, **files):
    for name, text in files.items():
        file = root / f"sys/class/drm/card{number}/device" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", encoding="ascii")


def test_gpus_of_both_makers(driver, tmp_path):
    driver.put("count", 1)
    card(tmp_path, 1, mem_info_vram_total=4096, gpu_busy_percent=50, unique_id="00ff")
    report, code = ask_reader(tmp_path)
    assert code == 0
    assert [(gpu["index"], gpu["uuid"], gpu["utilization"]) for gpu in report["gpus"]] == [
        (0, "GPU-00000000-fake", 0.05), (1, "00ff", 0.5)]
    assert report["users"] == [[0]], "of AMD's the processes are not known"


def test_a_reader_without_gpus_ends(driver, tmp_path):
    assert ask_reader(tmp_path) == (None, 0)
    driver.put("count", 0)
    assert ask_reader(tmp_path) == (None, 0)
