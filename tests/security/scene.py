"""A broker with the users and the ACL of a real deployment (without its TLS, which would cost the load more than the
queen), a queen whose loop's turns are measured, and the swarm."""

import getpass
import mmap
import os
import pathlib
import re
import socket
import struct
import subprocess

from fleet import BIN, Broker, Queen

CONFIG = pathlib.Path(__file__).parents[2] / "broker-config"
TLS = re.compile(r"listener |certfile|keyfile|cafile|require_certificate|use_identity")
TURNS_HEAD, TURNS_SIZE = struct.Struct("=4Q"), 32 + 4 * 20000  # bench/turns.c
HIVES = [f"h{i}" for i in range(10)]
USERS = [("queen", "queen"), ("op", "operator"), ("observer", "viewer"), ("lab", "hive"), ("evil", "hive"),
         *((hive, "hive") for hive in HIVES)]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class SecureBroker(Broker):
    """secure.conf but for TLS and its folders. Its own folder has NAME.password of each user."""

    def __init__(self, folder):  # not the other's, which wants a broker that lets anybody in
        self.folder = folder
        for user in USERS:
            subprocess.run([CONFIG / "add-user", folder, *user], check=True)
        text = (CONFIG / "secure.conf").read_text(encoding="ascii")
        text = "".join(line + "\n" for line in text.splitlines() if not TLS.match(line))
        for path in ("/etc/mosquitto/skep", "/var/lib/mosquitto"):
            text = text.replace(path, str(folder))
        self.port = free_port()
        (folder / "mosquitto.conf").write_text(f"listener {self.port} 127.0.0.1\n{text}user {getpass.getuser()}\n",
                                               encoding="ascii")
        self.start_again()


class MeasuredQueen(Queen):
    """With --on-event, and bench/turns.c where that is built."""

    def __init__(self, broker, max_workers, max_state_mib):
        self.folder = broker.folder
        self.allowed = max_workers * 1024 + (max_state_mib + 128) * 1024 * 1024
        self.told, self.turns_so = broker.folder / "told", BIN / "turns.so"
        self.told.write_bytes(b"")
        with open(self.folder / "turns", "w+b") as file:
            file.truncate(TURNS_SIZE)
            self.turns = mmap.mmap(file.fileno(), TURNS_SIZE)
        password = broker.folder / "queen.password"
        login = ["--username", "queen", "--password-file", password] if password.exists() else []
        super().__init__(broker, "skep/v1", *login, "--max-workers", str(max_workers), "--max-state", f"{max_state_mib}MiB",
                         "--on-event", f"cat >> {self.told}")

    def start(self):
        if self.turns_so.exists():
            os.environ.update(LD_PRELOAD=str(self.turns_so), TURNS_FILE=str(self.folder / "turns"))
        super().start()
        os.environ.pop("LD_PRELOAD", None)

    def longest_turn_ms(self):
        """CPU time of the longest turn of the loop so far."""
        return TURNS_HEAD.unpack_from(self.turns)[2] / 1e6

    def memory(self):
        """The most that it ever had."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def swarm(broker, queen, folder, script, *options, logins=True):
    """Plays the script. Its exit status, what it printed, and its closing figures."""
    path = folder / "script"
    path.write_text(script, encoding="ascii")
    done = subprocess.run([BIN / "swarm", "--broker", str(broker.port), "--http", str(queen.port), "--root", queen.root,
                           "--command-file", queen.told, *(["--logins", broker.folder] if logins else []), *options, path],
                          capture_output=True, text=True, timeout=600, check=False)
    print(script + done.stdout + done.stderr)
    return done.returncode, done.stdout, {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", done.stdout.rpartition("swarm: ")[2])}
