"""R17: the database in which a queen remembers. It is killed while it writes, its disk is full, its file damaged: what is there
is as it was at one moment, and the queen runs. SKEP_LONG=1: killed 50 times, and until a full disk has room again."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import paho.mqtt.client as paho
import pytest

from fleet import Agent, Queen, await_that
from listener import Listener
from oracle import name_of

LONG = os.environ.get("SKEP_LONG") == "1"
TIMES = 50 if LONG else 3
WRITING_S, HIVES, WORKERS = 1.5, 50, 3000  # fewer than rows in a batch


class Crowd:
    """Births and goodbyes of 3,000 workers of 50 hives in turn, about 2,000 a second."""

    def __init__(self, broker, root):
        self.root, self.count = root, 0
        self.client = paho.Client(protocol=paho.MQTTv5)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def grow(self):
        end = time.monotonic() + WRITING_S
        while time.monotonic() < end:
            for _ in range(20):
                times, number = divmod(self.count, WORKERS)
                self.count += 1
                presence = {"presence": "online"} if times % 2 == 0 else {"presence": "offline", "cause": "goodbye"}
                self.client.publish(f"{self.root}/hive/h{number % HIVES}/worker/w{number}/presence",
                                    json.dumps({**presence, "session": f"{times // 2 + 1:016x}", "connection": 1}))
            time.sleep(0.01)

    def end(self):
        self.client.loop_stop()
        self.client.disconnect()


def rows(folder, scratch):
    """{HIVE/WORKER: event id} of a copy, which is sound."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(folder, scratch)
    database = sqlite3.connect(scratch / "queen.db")
    assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    found = {"/".join(filter(None, row[:2])): row[2] for row in database.execute("SELECT hive, worker, event_id FROM record")}
    database.close()
    return found


def test_killed_while_it_writes(broker, root, started, tmp_path):
    """What is stored is the last state of everybody as of one event, and of no other moment."""
    queen = started(Queen, broker, root, "--state-dir", tmp_path / "state")
    listener = Listener(broker.port, f"{root}/queen/queen/event")
    crowd, first = Crowd(broker, root), 0  # event of this process
    for _ in range(TIMES):
        before = max(rows(tmp_path / "state", tmp_path / "copy").values(), default=0)
        crowd.grow()
        queen.end(signal.SIGKILL)
        found = rows(tmp_path / "state", tmp_path / "copy")
        assert max(found.values()) > before
        last, due = max(found.values()), {}
        for document in (json.loads(m.payload) for m in list(listener.messages)):
            if "fleet" not in document and first < document["event_id"] <= last:
                due[name_of(document)] = document["event_id"]
        assert due and {name: found.get(name) for name in due} == due
        queen.start()
        first = max(e["event_id"] for e in queen.events() if e.get("fleet") == "live")
    crowd.end()
    listener.end()


def stored(folder, what, *parameters):
    """The rows of a database that a queen has open."""
    database = sqlite3.connect(f"file:{folder}/queen.db?mode=ro", uri=True)
    try:
        return database.execute(f"SELECT {what}", parameters).fetchall()
    finally:
        database.close()


def test_events_that_nobody_got(own_broker, root, started, tmp_path):
    """One that was announced without a broker, while the command was busy, and then the queen is killed: the next one publishes it
    and gives it to the command, once, and who follows gets what it missed."""
    state, told, topic = tmp_path / "state", tmp_path / "told", f"{root}/queen/queen/event"
    command = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; cat >> {told}"
    queen = started(Queen, own_broker, root, "--state-dir", state, "--on-event", command)
    queen.post({"worker_id": "p1", "status": "idle", "interval_ms": 1000})
    queen.await_state("default/p1")
    own_broker.end(signal.SIGKILL)
    queen.await_state("default/p1", "stale")
    death = queen.events("default/p1")[-1]
    await_that(lambda: stored(state, "1 FROM event WHERE id = ?", death["event_id"]), "the event in the database")
    before = queen.events()
    queen.end(signal.SIGKILL)
    own_broker.start_again()
    listener = Listener(own_broker.port, topic)
    queen.start()
    (tmp_path / "go").touch()
    listener.await_message(lambda m: json.loads(m.payload) == death, "the event that was announced without a broker")
    ids = [json.loads(m.payload)["event_id"] for m in list(listener.messages)]
    assert ids == sorted(set(ids)) and ids[0] > before[0]["event_id"]
    after = queen.ask(f"/v1/events?after={death['event_id'] - 1}")[1]["events"]
    assert after[0] == death and after[-1]["fleet"] == "live" and queen.events()[:len(before)] == before
    wanted = [e["event_id"] for e in queen.events()]
    await_that(lambda: told.exists() and len(told.read_text().splitlines()) >= len(wanted), "all of them at the command")
    assert sorted(json.loads(line)["event_id"] for line in told.read_text().splitlines()) == wanted
    listener.end()


DEAD = 10000


def test_the_death_of_10_000(broker, root, started, tmp_path):
    """Each is an event in the database, once."""
    queen = started(Queen, broker, root, "--state-dir", tmp_path / "state")
    crowd = paho.Client(protocol=paho.MQTTv5)
    crowd.connect("127.0.0.1", broker.port)
    crowd.loop_start()

    def publish(**presence):
        for i in range(DEAD):
            crowd.publish(f"{root}/hive/h{i % HIVES}/worker/w{i}/presence",
                          json.dumps({**presence, "session": f"{i + 1:016x}", "connection": 1}))
            if i % 20 == 19:
                time.sleep(0.005)
    publish(presence="online")
    await_that(lambda: queen.check("workers:online") == DEAD, "all of them online")
    publish(presence="stale", cause="process_exited")
    await_that(lambda: queen.check("workers:stale") == DEAD, "all of them stale")
    deaths = "count(*), count(DISTINCT hive || json_extract(document, '$.worker_id')) FROM event WHERE json_extract(document, '$.state') = 'stale'"
    await_that(lambda: stored(tmp_path / "state", deaths)[0][0] >= DEAD, "their events in the database")
    assert stored(tmp_path / "state", deaths) == [(DEAD, DEAD)]
    crowd.loop_stop()
    crowd.disconnect()


def restarted(queen, how, break_it):
    queen.end(how)
    break_it()
    already = len(queen.said())
    queen.start()
    return queen.said()[already:]


def test_a_damaged_file(broker, root, started, tmp_path):
    """It is moved aside with a line in the log, and the broker's verdicts tell what they can."""
    state = tmp_path / "state"
    queen = started(Queen, broker, root, "--state-dir", state)
    agent = started(Agent, broker, root, "h/w1", "--simulate")
    await_that(lambda: (queen.worker("h/w1") or {}).get("state") == "online", "its birth")
    agent.end(signal.SIGTERM)
    await_that(lambda: queen.worker("h/w1")["state"] == "offline", "its goodbye")

    def flip():
        with open(state / "queen.db", "r+b") as file:
            file.seek(100)
            file.write(bytes(255 for _ in range(3900)))

    said = restarted(queen, signal.SIGTERM, flip)
    assert "level=error" in said and "queen.db.damaged-" in said and list(state.glob("queen.db.damaged-*"))
    assert queen.worker("h/w1")["state"] == "offline"
    time.sleep(2.5)  # it is written

    def cut():
        wal = state / "queen.db-wal"
        os.truncate(wal, wal.stat().st_size * 2 // 3 + 7)

    said = restarted(queen, signal.SIGKILL, cut)
    assert "damaged" not in said and queen.worker("h/w1")["state"] == "offline"


def test_two_queens_on_one_folder(broker, root, started, tmp_path):
    first = started(Queen, broker, root, "--state-dir", tmp_path)
    done = subprocess.run([*first.arguments, "--id", "other", "--http", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "another queen uses it" in done.stdout + done.stderr


def test_a_full_disk(broker, root, started, tmp_path):
    """Health warns, and verdicts go on; when it has room again what came meanwhile is written, at the latest by a queen that stops."""
    state = tmp_path / "state"
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "none", state], check=True)
    try:
        queen = started(Queen, broker, root, "--state-dir", state)
        with open(state / "filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        crowd = Crowd(broker, root)
        await_that(lambda: crowd.grow() or queen.ask("/health")[1]["status"] == "warn", "a warning")
        assert "nothing is kept for a restart" in queen.ask("/health")[1]["description"]
        agent = started(Agent, broker, root, "h/w1", "--simulate")
        await_that(lambda: (queen.worker("h/w1") or {}).get("state") == "online", "its birth")
        agent.kill()
        await_that(lambda: queen.worker("h/w1")["state"] == "stale", "its death")
        crowd.end()
        (state / "filler").unlink()
        queen.end(signal.SIGTERM)
        assert stored(state, "state FROM record WHERE hive = 'h' AND worker = 'w1'") == [("stale",)]
    finally:
        subprocess.run(["umount", "--lazy", state], check=True)


def test_a_read_only_folder(broker, root, started, tmp_path):
    """A queen runs on without a database, and says so; one that stops when it could be written leaves what it knows."""
    state = tmp_path / "state"
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=16m,mode=700", "none", state], check=True)
    try:
        queen = started(Queen, broker, root, "--state-dir", state)
        assert "level=error" in queen.said() and "Read-only file system" in queen.said()
        health = queen.ask("/health")[1]
        assert health["status"] == "warn" and "nothing is kept for a restart: " in health["description"]
        agent = started(Agent, broker, root, "h/w1", "--simulate")
        await_that(lambda: (queen.worker("h/w1") or {}).get("state") == "online", "its birth")
        agent.kill()
        await_that(lambda: queen.worker("h/w1")["state"] == "stale", "its death")
        subprocess.run(["mount", "-o", "remount,rw", state], check=True)
        queen.end(signal.SIGTERM)
        assert stored(state, "state FROM record WHERE hive = 'h' AND worker = 'w1'") == [("stale",)]
    finally:
        subprocess.run(["umount", "--lazy", state], check=True)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_folder_that_becomes_read_only(own_broker, root, started, tmp_path, how):
    """What it holds is read, and nothing is kept; the broker has lost everything."""
    state = tmp_path / "state"
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "none", state], check=True)
    try:
        queen = started(Queen, own_broker, root, "--state-dir", state)
        agent = started(Agent, own_broker, root, "h/w1", "--simulate")
        await_that(lambda: (queen.worker("h/w1") or {}).get("state") == "online", "its birth")
        agent.kill()
        await_that(lambda: queen.worker("h/w1")["state"] == "stale", "its death")
        death = queen.events("h/w1")[-1]
        await_that(lambda: stored(state, "1 FROM event WHERE id = ?", death["event_id"]), "its death in the database")
        queen.end(how)
        own_broker.end(signal.SIGKILL)
        own_broker.start_again()
        subprocess.run(["mount", "-o", "remount,ro", state], check=True)
        queen.start()
        assert queen.worker("h/w1")["state"] == "stale" and death in queen.events("h/w1")
        assert "Read-only file system; what it holds was read" in queen.said() and queen.check("store:fault")
        subprocess.run(["mount", "-o", "remount,rw", state], check=True)
        queen.end(signal.SIGTERM)
        assert stored(state, "state FROM record WHERE hive = 'h' AND worker = 'w1'") == [("stale",)]
    finally:
        subprocess.run(["umount", "--lazy", state], check=True)
