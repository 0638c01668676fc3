"""A skep-hive, its hive.ini, and what its programs leave in a folder to be looked at."""

import itertools
import json
import pathlib
import re
import signal
import subprocess
import urllib.request

from fleet import BIN, LIMIT_S, Program, await_that, is_running

PROGRAM = pathlib.Path(__file__).parents[1] / "live" / "hive" / "program.py"
numbers = itertools.count(1)


class Watched:
    """One worker's program. It takes a lock that all its processes hold, so that two of them at once would be seen."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command = " ".join(["/usr/bin/python3", str(PROGRAM), str(folder), *options])

    def lines(self, name):
        file = self.folder / name
        return file.read_text(encoding="ascii").split("\n")[:-1] if file.exists() else []

    def starts(self):
        """Per start: pid of the program, and of the process that it has started in a group of its own."""
        return [tuple(map(int, line.split())) for line in self.lines("starts")]

    def await_start(self, count=1):
        """The pids of that start."""
        return await_that(lambda: len(self.starts()) >= count and self.starts()[count - 1],
                          f"start {count} of {self.folder.name}")

    def was_never_double(self):
        return self.lines("doubles") == []

    def pids(self):
        return [pid for pids in self.starts() for pid in pids]

    def alive(self):
        return [pid for pid in self.pids() if is_running(pid)]


def section(program, name="w1", **keys):
    """The section of hive.ini for a watched program."""
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f'[worker "{name}"]\ncommand = {program.command}\n{lines}'


class Hive(Program):
    def __init__(self, broker, root, text, *options, name="hive-a", port=None, uri=None, inside=()):
        self.name, self.root, self.has_broker = name, root, port is None
        self.folder = broker.folder / f"{name}-{next(numbers)}"
        self.folder.mkdir()
        self.ini = self.folder / "hive.ini"
        self.write(text)
        super().__init__(self.folder, BIN / "skep-hive", "--config", self.ini, "--id", name, "--root", root, "--broker",
                         uri or f"mqtt://127.0.0.1:{port or broker.port}", "--http", "127.0.0.1:0", *options, inside=inside)

    def write(self, text):
        self.ini.write_text(text, encoding="utf-8")

    def run(self, **how):
        """Starts, and comes back when it can be asked. `how` is for Popen."""
        already = len(self.said()) if self.log.exists() else 0
        self.start(**how)
        started = await_that(lambda: self.process.poll() is not None or
                             re.search(r"msg=started .*\bport=(\d+)", self.said()[already:]), "the hive's start")
        assert self.process.poll() is None, self.said()
        self.url = f"http://127.0.0.1:{started[1]}"
        if self.has_broker:
            await_that(self.is_linked, "the hive's link")
        return self

    def topic(self, worker, leaf="witness"):
        return f"{self.root}/hive/{self.name}/worker/{worker}/{leaf}"

    def is_linked(self):
        """Requests reach it; that workers cannot be started is another matter."""
        health = self.get("/health")
        return health["status"] == "pass" or health["description"] == "hive: workers cannot be started"

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=LIMIT_S) as response:
            return json.loads(response.read())

    def witness(self, worker):
        """As the hive tells it; None if it has no such worker."""
        return next((w for w in self.get("/v1/workers")["workers"] if w["worker_id"] == worker), None)

    def await_witness(self, worker, state, **fields):
        def fits():
            witness = self.witness(worker)
            return witness and witness["state"] == state and fields.items() <= witness.items() and witness
        return await_that(fits, f"{worker} {state} {fields}")

    def reload(self, text):
        """Comes back when it has read the new text, whatever it made of it."""
        self.write(text)
        already = len(self.said())
        self.send(signal.SIGHUP)
        await_that(lambda: "reloaded" in self.said()[already:], "the answer to HUP")

    def ask(self, method, parameters="", port=None):
        """One request with mosquitto_rr, as a person makes it: the reply's document."""
        done = subprocess.run(["mosquitto_rr", "-V", "5", "-p", str(port), "-t",
                               f"{self.root}-rpc/hive/{self.name}/{method}", "-e", f"{self.root}-rpc/reply/me", "-m",
                               parameters, "-W", "10"], capture_output=True, text=True, timeout=LIMIT_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
