#!/usr/bin/python3
"""Runs every command of the documentation, exactly as it is written, against real programs.

    run.py --bin DIR PAGE...

From the fenced blocks tagged `sh` of each page come the lines that start with mosquitto_sub, mosquitto_pub,
mosquitto_rr or curl (a backslash at the end goes on with the next line). Each page gets a fresh broker, a queen, the
workers `w1` and `w2` of hive `default`, and a hive `hive-a` with the worker `job`, all with their default ports: so this
re-executes itself in a network namespace of its own, where those are free. `w2` is killed and started again all the time, so that there are events.

A command must end within 30 s with 0. mosquitto_sub may also end with 27 (its -W ran out), but not empty-handed.
curl runs with --fail from its own configuration file; a line that shows an error says so in a comment: `# HTTP 404`.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RENDER = os.path.join(HERE, "..", "..", "broker-config", "render")
COMMANDS = ("mosquitto_sub", "mosquitto_pub", "mosquitto_rr", "curl")
RAN_OUT = 27  # of mosquitto_sub -W
CURL_HTTP_ERROR = 22  # of curl --fail
LIMIT_S = 30
os.umask(0o022)  # daemons trust no file that others may write
INSIDE = "SKEP_DOCS_NAMESPACE"


def enter_namespace():
    """Comes back inside a network namespace that holds nothing but its own loopback."""
    if INSIDE not in os.environ:
        unshare = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        os.environ[INSIDE] = "1"
        os.execvp(unshare[0], unshare + [sys.executable] + sys.argv)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def commands_of(page):
    """(line number, command) for each command of a page."""
    tagged, start, pending = False, 0, ""
    with open(page, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if line.startswith("```"):
                tagged = not tagged and line[3:].strip() == "sh"
                pending = ""
            elif tagged and (pending or line.startswith(COMMANDS)):
                start = start if pending else number
                pending += line + "\n"
                if not line.endswith("\\"):
                    yield start, pending.rstrip("\n")
                    pending = ""


def await_that(condition, what):
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what}: not within 10 s")


class World:
    """A broker, a queen and two workers, with everything that they print in one folder."""

    def __init__(self, programs):
        self.programs = programs
        self.folder = tempfile.mkdtemp()
        self.running = []
        self.closing = threading.Event()
        with open(os.path.join(self.folder, ".curlrc"), "w", encoding="ascii") as curlrc:
            curlrc.write("fail\nshow-error\n")

    def __enter__(self):
        try:
            self.start_broker()
            self.start("skep-queen")
            self.start_hive()
            self.start_worker("w1")
            self.start_worker("w2")
            self.await_queen()
        except BaseException:
            self.print_logs()
            self.__exit__()
            raise
        self.churn = threading.Thread(target=self.keep_killing, daemon=True)
        self.churn.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        if hasattr(self, "churn"):
            self.churn.join()
        if hasattr(self, "hive"):
            self.hive.terminate()  # killed, it would leave its worker behind
            self.hive.wait()
        for process in reversed(self.running):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder)

    def start(self, program, *args):
        log = open(os.path.join(self.folder, f"{program}.log"), "ab")
        path = os.path.join(self.programs, program) if program.startswith("skep") else program
        process = subprocess.Popen([path, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.running.append(process)
        return process

    def start_broker(self):
        config = os.path.join(self.folder, "mosquitto.conf")
        with open(config, "wb") as out:
            subprocess.run([RENDER, "1883", self.folder], stdout=out, check=True)
        self.start("mosquitto", "-c", config)
        await_that(lambda: succeeds("mosquitto_sub", "-t", "skep/started", "-E", "-W", "2"), "the broker")

    def start_hive(self):
        ini = os.path.join(self.folder, "hive.ini")
        with open(ini, "w", encoding="ascii") as out:
            out.write('[worker "job"]\ncommand = sleep 1000\ninterval = 1s\n')
        self.hive = self.start("skep-hive", "--id", "hive-a", "--config", ini)

    def start_worker(self, name):
        return self.start("skep-worker", "--id", name, "--interval", "1s", "--simulate")

    def await_queen(self):
        for name in ("default/workers/w1", "default/workers/w2", "hive-a/workers/job"):
            url = f"http://127.0.0.1:7833/v1/hives/{name}"
            await_that(lambda: b'"online"' in output_of("curl", "-sf", url), f"{name} online")

    def keep_killing(self):
        """w2 dies and comes back, every two seconds."""
        victim = self.running[-1]
        while not self.closing.wait(2):
            victim.kill()
            victim.wait()
            self.running.remove(victim)
            if self.closing.wait(2):
                return
            victim = self.start_worker("w2")

    def run(self, command):
        """None if the command did what it should, else a sentence."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SKEP_")}
        environment["CURL_HOME"] = self.folder
        with subprocess.Popen(["sh", "-c", command], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
            try:
                out, err = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return f"did not end within {LIMIT_S} s (mosquitto_sub needs -C, -W or -E)"
        return judge(command, process.returncode, out, err.decode(errors="replace").strip())

    def print_logs(self):
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(os.path.join(self.folder, name), errors="replace") as log:
                    sys.stderr.write(f"--- {name}\n{log.read()[-4000:]}")


def judge(command, code, out, err):
    ends_by_time = command.startswith("mosquitto_sub") and code == RAN_OUT
    if ends_by_time and not out:
        return "received nothing"
    if re.search(r"# HTTP [45]\d\d\b", command):
        shown = re.search(r"# HTTP (\d+)", command).group(1)
        told = re.search(r"error: (\d+)", err)
        if code == CURL_HTTP_ERROR and told and told.group(1) == shown:
            return None
        return f"exit {code}, where HTTP {shown} is documented: {err}"
    if code == 0 or ends_by_time:
        return None
    return f"exit {code}: {err or out.decode(errors='replace').strip()}"


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def succeeds(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def run_page(page, programs):
    """(commands run, commands that failed)"""
    commands = list(commands_of(page))
    if not commands:
        return 0, 0
    failed = 0
    with World(programs) as world:
        for number, command in commands:
            fault = world.run(command)
            print(f"{'ok  ' if fault is None else 'FAIL'} {page}:{number}: {command}", flush=True)
            if fault:
                print(f"     {fault}", flush=True)
                failed += 1
        if failed:
            world.print_logs()
    return len(commands), failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of skep-queen, skep-hive and skep-worker")
    parser.add_argument("pages", nargs="+", metavar="PAGE")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"
    enter_namespace()
    results = [run_page(page, args.bin) for page in args.pages]
    total, failed = (sum(column) for column in zip(*results))
    print(f"{total} commands, {failed} failed")
    return 0 if total > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
