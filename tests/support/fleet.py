"""A real broker and the real programs at it. SKEP_BIN_DIR names the programs' folder."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

BIN = pathlib.Path(os.environ["SKEP_BIN_DIR"])
BROKER_START = pathlib.Path(__file__).parents[2] / "broker-config" / "start"
os.umask(0o022)  # daemons trust no file that others may write
LIMIT_S = 30  # for whatever has to happen at all


def clean_environment(**more):
    """Without what a person has set for skep or for a terminal."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SKEP_") and k not in ("NO_COLOR", "TERM", "COLUMNS")}
    return {**kept, **more}


def await_that(condition, what, limit_s=LIMIT_S):
    """What `condition` returns, once that is true."""
    end = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        time.sleep(0.02)
    return value


def stop(pid):
    """SIGSTOP; comes back when the kernel has stopped it."""
    def state():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    os.kill(pid, signal.SIGSTOP)
    await_that(lambda: state() == "T", f"pid {pid} stopped")


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def takes_connections(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """A mosquitto of its own on a free loopback port; what it stores, and the logs of who uses it, are in `folder`."""

    def __init__(self, folder, *lines):
        self.folder = folder
        started = subprocess.run([BROKER_START, folder, *lines], capture_output=True, text=True, timeout=LIMIT_S)
        assert started.returncode == 0, started.stderr
        self.port, self.pid = map(int, started.stdout.split())

    def send(self, how):
        try:
            os.kill(self.pid, how)
        except ProcessLookupError:
            pass

    def end(self, how=signal.SIGTERM):
        """mosquitto 2.0 forgets a signal that comes while it begins to listen: it is sent again."""
        await_that(lambda: not is_running(self.pid) or self.send(how), "the broker's end")

    def start_again(self):
        """On the same port, with what it had stored."""
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        with open(self.folder / "mosquitto.log", "ab") as log:
            process = subprocess.Popen(["mosquitto", "-c", self.folder / "mosquitto.conf"], stderr=log, env=environment)
        self.pid = process.pid
        await_that(lambda: process.poll() is not None or takes_connections(self.port), "the broker's start")
        assert process.poll() is None, (self.folder / "mosquitto.log").read_text(encoding="utf-8")


class Program:
    """One of ours that runs, and what it says; behind `inside`, a command that runs it elsewhere."""

    count = 0

    def __init__(self, folder, *arguments, inside=()):
        Program.count += 1
        self.arguments, self.inside = arguments, inside
        self.log = folder / f"{arguments[0].name}-{Program.count}.log"
        self.process = None

    def start(self, *more, **how):
        """With more arguments; `how` is for Popen."""
        with open(self.log, "ab") as log:
            how = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **how}
            self.process = subprocess.Popen([*self.inside, *self.arguments, *more], env=clean_environment(), **how)

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def send(self, how):
        """When it was sent, by the monotonic clock."""
        at = time.monotonic()
        self.process.send_signal(how)
        return at

    def kill(self):
        """The kill, and when it was sent."""
        at = self.send(signal.SIGKILL)
        self.process.wait(LIMIT_S)
        return at

    def end(self, how=signal.SIGTERM):
        """The exit code. The log's end is shown by pytest if the test has failed."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(LIMIT_S)
        print(f"--- {self.log.name}, exit {code}\n{self.said()[-2000:]}")
        assert not re.search("Sanitizer|runtime error:", self.said())
        return code


class Agent(Program):
    """A skep-worker. It beats every 30 s, so that silence judges nobody within the limit of a test."""

    def __init__(self, broker, root, name, *options, port=None, uri=None, inside=()):
        self.hive, self.worker = name.split("/")
        self.name = name
        super().__init__(broker.folder, BIN / "skep-worker", "--broker", uri or f"mqtt://127.0.0.1:{port or broker.port}",
                         "--root", root, "--hive", self.hive, "--id", self.worker, *options, inside=inside)
        self.start()


class Queen(Program):
    """A skep-queen on a port of its own, kept over a restart."""

    def __init__(self, broker, root, *options, address="127.0.0.1", inside=()):
        super().__init__(broker.folder, BIN / "skep-queen", "--broker", f"mqtt://127.0.0.1:{broker.port}",
                         "--root", root, *options, inside=inside)
        self.root, self.address, self.port = root, address, 0
        self.start()

    def start(self):
        """Comes back when it has read what the broker stores: what is published before is a stored copy to it."""
        already = len(self.said()) if self.log.exists() else 0
        super().start("--http", f"{self.address}:{self.port}")
        started = await_that(lambda: self.process.poll() is not None or
                             re.search(r"msg=started .*\bport=(\d+)", self.said()[already:]), "the queen's start")
        assert self.process.poll() is None, self.said()
        self.port = int(started[1])
        self.url = f"http://127.0.0.1:{self.port}"
        await_that(lambda: self.ask("/health")[0] == 200, "the queen's snapshot")

    def ask(self, path, method="GET", text=None):
        """Status and document; None for an empty body."""
        data = None if text is None else text.encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
                text, status = response.read(), response.status
        except urllib.error.HTTPError as error:
            text, status = error.read(), error.code
        return status, json.loads(text) if text else None

    def post(self, heartbeat):
        """Status and document; a heartbeat as it is, or as text."""
        text = heartbeat if isinstance(heartbeat, str) else json.dumps(heartbeat)
        return self.ask("/v1/worker/heartbeat", "POST", text)

    def worker(self, name):
        """The document of HIVE/NAME; None if there is no such worker."""
        hive, worker = name.split("/")
        status, document = self.ask(f"/v1/hives/{hive}/workers/{worker}")
        return document if status == 200 else None

    def workers(self, query="limit=100000"):
        return self.ask(f"/v1/workers?{query}")[1]["workers"]

    def events(self, name=None):
        """Oldest first; of one worker, or all."""
        events = self.ask("/v1/events")[1]["events"]
        return [e for e in events if name is None or f"{e.get('hive_id')}/{e.get('worker_id')}" == name]

    def check(self, name):
        """A value of the health document; 0 if it is not there, as a reason is that was never counted."""
        checks = self.ask("/health")[1]["checks"]
        return checks[name][0]["observedValue"] if name in checks else 0

    def await_state(self, name, state="online"):
        return await_that(lambda: (worker := self.worker(name)) and worker["state"] == state and worker,
                          f"{name} {state}")

    def await_heartbeat(self, name, wanted):
        return await_that(lambda: (worker := self.worker(name)) and worker["heartbeat"] and
                          wanted(worker["heartbeat"]) and worker, f"a heartbeat of {name}")

    def await_all(self, names, state="online"):
        names = set(names)

        def there():
            return {f"{w['hive_id']}/{w['worker_id']}" for w in self.workers(f"state={state}&limit=100000")}
        await_that(lambda: names <= there(), f"all of them {state}")


class Skep:
    """The program for people, asking one queen."""

    def __init__(self, url):
        self.environment = clean_environment(SKEP_QUEEN=url)

    def __call__(self, *arguments, **options):
        options = {"env": self.environment, "capture_output": True, "text": True, "timeout": LIMIT_S, **options}
        return subprocess.run([BIN / "skep", *arguments], **options)

    def start(self, *arguments, **options):
        options = {"env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen([BIN / "skep", *arguments], **options)

    def wait(self, worker, state="online"):
        done = self("wait", worker, "--for", state, "--timeout", f"{LIMIT_S - 5}s")
        assert done.returncode == 0, done.stderr
