#!/usr/bin/python3
"""Runs each program of docs/notify.md, as it is written, under the agent, and sees in its heartbeats what it reports.

    examples.py --bin DIR PAGE
"""
import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

import paho.mqtt.client as mqtt

LIMIT_S = 30
COMPILE = ["cc", "-Wall", "-Wextra", "-Werror", "-o"]


def blocks_of(page):
    """{tag: text} of the fenced blocks that are programs."""
    with open(page, encoding="utf-8") as text:
        return dict(re.findall(r"^```(sh|c|python)\n(.*?)^```$", text.read(), re.MULTILINE | re.DOTALL))


def command_of(tag, text, folder):
    path = os.path.join(folder, f"example.{tag}")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    if tag == "c":
        subprocess.run(COMPILE + [path[:-2], path], check=True)
        return [path[:-2]]
    return ["sh", path] if tag == "sh" else ["/usr/bin/python3", path]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_complete(beat):
    return (beat["status"] == "idle" and beat.get("progress", 0) >= 2 and beat.get("queue_depth") == 3
            and beat.get("metrics", {}).get("jobs_per_s") == 1 and beat.get("labels", {}).get("status_text") == "serving")


def watch(port, tag, seen):
    """Blocks until a heartbeat has it all, or for LIMIT_S."""
    client = mqtt.Client()
    client.on_message = lambda _client, _user, message: seen.append(json.loads(message.payload))
    client.connect("127.0.0.1", port)
    client.subscribe(f"skep/v1/hive/default/worker/{tag}/heartbeat")
    for _ in range(LIMIT_S * 10):
        client.loop(0.1)
        if seen and is_complete(seen[-1]):
            return True
    return False


def await_broker(port):
    for _ in range(LIMIT_S * 10):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the broker does not listen")


def run(programs, port, tag, text, folder):
    command = command_of(tag, text, folder)
    seen = []
    agent = subprocess.Popen([os.path.join(programs, "skep-worker"), "--id", tag, "--broker", f"mqtt://127.0.0.1:{port}",
                              "--watchdog", "20s", "--interval", "1s", "--exec", "--", *command], stdin=subprocess.DEVNULL)
    try:
        good = watch(port, tag, seen)
    finally:
        agent.terminate()
        agent.wait()
    print(f"{'ok  ' if good else 'FAIL'} {tag}: {seen[-1] if seen else 'no heartbeat'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of skep-worker")
    parser.add_argument("page", metavar="PAGE")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"
    for name in [name for name in os.environ if name.startswith("SKEP_")]:
        del os.environ[name]
    port, blocks = free_port(), blocks_of(args.page)
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "mosquitto.conf")
        with open(config, "w", encoding="ascii") as out:
            out.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        broker = subprocess.Popen(["mosquitto", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await_broker(port)
            good = [run(args.bin, port, tag, text, folder) for tag, text in blocks.items()]
        finally:
            broker.terminate()
            broker.wait()
    return 0 if len(good) == 3 and all(good) else 1


sys.exit(main())
