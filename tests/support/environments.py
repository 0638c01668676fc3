"""Environments in which a supervisor is started, and programs that it has to watch there.

Each row of ENVIRONMENTS is how a parent leaves a process that it starts: what it blocks, ignores, closes and limits, as
whom and in which namespaces it runs. Each of PROGRAMS is a way to end. What cannot be made on this machine says why.
"""

import collections
import contextlib
import errno
import fcntl
import json
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import termios

from fleet import LIMIT_S, await_that

MARK = "CASE_OF_TEST"  # in the environment of everything that a case starts, so that what is left of it is found
NOBODY = 65534

# setting: in the child, before it becomes the program. inside: a command that runs it elsewhere. variables: of its
# environment; None removes one. needs: why it cannot be tried, or None.
Environment = collections.namedtuple("Environment", "name setting inside variables needs")
# script: of /bin/sh. code and signal: how it ends. stopped_by: the signal to the agent that ends the case; None: the
# program ends by itself. left: how what it has left is named.
Program = collections.namedtuple("Program", "name script code signal stopped_by")


def root_needed():
    return None if os.geteuid() == 0 else "needs root"


def namespace_needed(*options):
    def needed():
        if not shutil.which("unshare"):
            return "there is no unshare"
        done = subprocess.run(["unshare", *options, "true"], capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else f"no namespace: {done.stderr.strip()}"
    return needed


def nobody_needed():
    """The programs must be where others may go, too."""
    where = os.environ["SKEP_BIN_DIR"]
    done = root_needed() or subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                                            "test", "-x", f"{where}/skep-worker"], check=False).returncode
    return f"needs root, and {where} open to others" if done else None


def always():
    return None


def row(name, setting=None, inside=(), needs=always, **variables):
    return Environment(name, setting or (lambda: None), tuple(inside), variables, needs)


def block(*numbers):
    return lambda: signal.pthread_sigmask(signal.SIG_BLOCK, numbers)


def ignore(*numbers):
    return lambda: [signal.signal(number, signal.SIG_IGN) for number in numbers]


def close(*fds):
    return lambda: [os.close(fd) for fd in fds]


def limit(kind, soft, hard=None):
    return lambda: resource.setrlimit(kind, (soft, soft if hard is None else hard))


def read_only_streams():
    """As `<&1`: the output cannot be written to."""
    fd = os.open("/dev/null", os.O_RDONLY)
    os.dup2(fd, 1)


def full_output():
    fd = os.open("/dev/full", os.O_WRONLY)
    os.dup2(fd, 1)
    os.dup2(fd, 2)


def broken_pipe():
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(read)
    os.close(write)


def many_descriptors():
    """As of a parent that closes nothing."""
    for fd in range(10, 200):
        os.dup2(2, fd)


def become(user, group, groups=()):
    def change():
        os.setgroups(groups)
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    return change


def terminal(foreground):
    """On a terminal of its own, which it controls; in its foreground or not."""
    def take():
        leader, fd = os.openpty()
        os.set_inheritable(leader, True)  # held by the case, for nobody else would
        os.setsid()
        fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
        os.dup2(fd, 0)
        if not foreground:
            helper = os.fork()
            if helper == 0:
                os.setpgid(0, 0)
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                os.tcsetpgrp(0, os.getpid())
                os._exit(0)
            os.waitpid(helper, 0)
    return take


def full_log():
    """The file of its output has reached the size that is allowed."""
    os.write(2, b"full\n" * 820)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


PIDFDS_AND_RANGES = (424, 434, 436)  # pidfd_send_signal, pidfd_open and close_range, which bear these numbers everywhere


def without(fault, *calls):
    """Runs a command where these system calls fail, as by the filter of a container."""
    load, equal, end = 0x20, 0x15, 0x06
    rows = [(load, 0, 0, 0), *((equal, len(calls) - i, 0, call) for i, call in enumerate(calls)),
            (end, 0, 0, 0x7FFF0000), (end, 0, 0, 0x50000 | fault)]
    code = b"".join(struct.pack("HBBI", *row) for row in rows)
    return ("/usr/bin/python3", "-c", "import ctypes,os,struct,sys;c=ctypes.create_string_buffer(bytes.fromhex(sys.argv[1]));"
            "p=ctypes.create_string_buffer(struct.pack('@HP',len(c)//8,ctypes.addressof(c)));l=ctypes.CDLL(None);"
            "l.prctl(38,1,0,0,0);assert l.prctl(22,2,ctypes.byref(p),0,0)==0;os.execvp(sys.argv[2],sys.argv[2:])", code.hex())


def nowhere():
    """In a directory that is no more."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)


MOUNT = ("unshare", "-m", "--propagation", "private")
PID = ("unshare", "-p", "-f", "--mount-proc", "--kill-child")
R = resource

ENVIRONMENTS = [
    row("nothing special"),
    # masks
    row("SIGCHLD blocked", block(signal.SIGCHLD)),
    row("SIGTERM blocked", block(signal.SIGTERM)),
    row("SIGINT and SIGHUP blocked", block(signal.SIGINT, signal.SIGHUP)),
    row("SIGPIPE blocked", block(signal.SIGPIPE)),
    row("SIGALRM and timers blocked", block(signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF)),
    row("real-time signals blocked", block(*range(signal.SIGRTMIN, signal.SIGRTMAX + 1))),
    row("all signals blocked", block(*(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}))),
    # ignored
    row("SIGCHLD ignored", ignore(signal.SIGCHLD)),
    row("SIGHUP ignored: nohup", ignore(signal.SIGHUP)),
    row("SIGINT and SIGQUIT ignored: a script's &", ignore(signal.SIGINT, signal.SIGQUIT)),
    row("SIGPIPE ignored: a service of systemd", ignore(signal.SIGPIPE)),
    row("SIGTERM ignored", ignore(signal.SIGTERM)),
    row("SIGUSR1 and SIGUSR2 ignored", ignore(signal.SIGUSR1, signal.SIGUSR2)),
    row("stops of the terminal ignored", ignore(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)),
    row("SIGCHLD blocked and ignored", lambda: (block(signal.SIGCHLD)(), ignore(signal.SIGCHLD)())),
    # descriptors
    row("no standard input", close(0)),
    row("no standard output", close(1)),
    row("no standard error", close(2)),
    row("no standard descriptors", close(0, 1, 2)),
    row("input and error closed", close(0, 2)),
    row("output that is only readable", read_only_streams),
    row("output on a full disk", full_output),
    row("output to a pipe without a reader", broken_pipe),
    row("200 descriptors that nobody closed", many_descriptors),
    # limits
    row("64 descriptors", limit(R.RLIMIT_NOFILE, 64)),
    row("few descriptors, more on demand", limit(R.RLIMIT_NOFILE, 64, 4096)),
    row("no core files", limit(R.RLIMIT_CORE, 0)),
    row("files of 64 MiB at most", limit(R.RLIMIT_FSIZE, 64 << 20)),
    row("a log that may not grow", full_log),
    row("a stack of 512 KiB", limit(R.RLIMIT_STACK, 512 << 10)),
    row("2 GiB of addresses", limit(R.RLIMIT_AS, 2 << 30)),
    row("no locked memory", limit(R.RLIMIT_MEMLOCK, 0)),
    row("no pending signals", limit(R.RLIMIT_SIGPENDING, 0)),
    row("no message queues", limit(R.RLIMIT_MSGQUEUE, 0)),
    row("nice 19", lambda: os.nice(19)),
    row("umask 0", lambda: os.umask(0)),
    row("umask 777", lambda: os.umask(0o777)),
    # whom it runs as
    row("as nobody", become(NOBODY, NOBODY), needs=nobody_needed),
    row("as nobody, in root's group", become(NOBODY, 0), needs=nobody_needed),
    row("as a user without a name", become(54321, 54321), needs=nobody_needed),
    row("in 100 groups", become(0, 0, tuple(range(1000, 1100))), needs=root_needed),
    row("without capabilities", inside=("setpriv", "--bounding-set=-all", "--inh-caps=-all"), needs=root_needed),
    row("no new privileges", inside=("setpriv", "--no-new-privs")),
    row("a kernel before pidfds", inside=without(errno.ENOSYS, *PIDFDS_AND_RANGES)),
    row("a container that forbids pidfds", inside=without(errno.EPERM, *PIDFDS_AND_RANGES)),
    # where
    row("leader of a session", os.setsid),
    row("leader of a group", lambda: os.setpgid(0, 0)),
    row("in a directory that is gone", nowhere),
    row("in /", lambda: os.chdir("/")),
    row("below another reaper", inside=("/usr/bin/python3", "-c",
        "import ctypes,os,subprocess,sys;ctypes.CDLL(None).prctl(36,1,0,0,0);sys.exit(subprocess.call(sys.argv[1:])%256)")),
    row("process 1", inside=PID, needs=namespace_needed("-p", "-f", "--mount-proc")),
    row("process 1 without a /proc of its own", inside=("unshare", "-p", "-f", "--kill-child"),
        needs=namespace_needed("-p", "-f")),
    row("no /proc", inside=(*MOUNT, "sh", "-c", 'umount -l /proc && exec "$@"', "sh"),
        needs=namespace_needed("-m")),
    row("no /sys", inside=(*MOUNT, "sh", "-c", 'umount -l /sys && exec "$@"', "sh"), needs=namespace_needed("-m")),
    row("a control group namespace", inside=("unshare", "-C"), needs=namespace_needed("-C")),
    row("in the foreground of a terminal", terminal(True)),
    row("in the background of a terminal", terminal(False)),
    # variables
    row("no HOME", HOME=None),
    row("no variables but PATH", inside=("env", "-i", f"PATH={os.environ['PATH']}")),
    row("no PATH", PATH=None),
    row("a locale that is not there", LC_ALL="xx_YY.UTF-16", LANG="xx_YY"),
    row("a locale with a decimal comma", LC_ALL="de_DE.UTF-8"),
    row("a TMPDIR that is not there", TMPDIR="/no/such/folder"),
    row("an XDG_RUNTIME_DIR that is not there", XDG_RUNTIME_DIR="/no/such/folder"),
    row("a NOTIFY_SOCKET that is gone", NOTIFY_SOCKET="/no/such/socket", WATCHDOG_USEC="1000000"),
    row("sockets of somebody else's activation", LISTEN_FDS="3", LISTEN_PID="1"),
    row("a variable of 100 KiB", LONG="x" * 100_000),
]

PROGRAMS = [
    Program("exits", "exit 3", 3, None, None),
    Program("crashes", "kill -SEGV $$", None, signal.SIGSEGV, None),
    Program("forks", "for i in 1 2 3; do sleep 1000 & done; exit 4", 4, None, None),
    Program("daemonizes", "setsid -f sh -c 'trap \"\" HUP TERM; sleep 1000 & wait'; exit 5", 5, None, None),
    Program("changes its user", f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups sleep 1000 2>/dev/null || "
            "exec sleep 1000", None, None, signal.SIGKILL),
    Program("hangs", "trap '' TERM INT HUP; while :; do sleep 1000; done", None, None, signal.SIGKILL),
    Program("is stopped", "sleep 1000", None, signal.SIGTERM, signal.SIGTERM),
    Program("floods", "head -c 3000000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' '\\n' >&2; exit 6", 6,
            None, None),
]


def available(rows):
    """Those that can be tried here; the others are named."""
    tried = []
    for environment in rows:
        why = environment.needs()
        if why:
            print(f"left out: {environment.name}: {why}")
        else:
            tried.append(environment)
    return tried


def variables_of(environment, mark):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SKEP_")}
    kept.update({MARK: mark, **{k: v for k, v in environment.variables.items() if v is not None}})
    for name in (k for k, v in environment.variables.items() if v is None):
        kept.pop(name, None)
    return kept


def start(environment, command, mark, log):
    """The process of `command` in that environment; whatever it prints goes to the file."""
    inside = list(environment.inside)
    if inside[:2] == ["env", "-i"]:
        inside.append(f"{MARK}={mark}")
    with open(log, "ab") as output:
        return subprocess.Popen([*inside, *map(str, command)], env=variables_of(environment, mark), stdin=subprocess.DEVNULL,
                                stdout=output, stderr=output, preexec_fn=environment.setting, close_fds=False)  # there are no threads


def end_marked():
    """Kills the processes of cases that live: {mark: [pid]}."""
    found = collections.defaultdict(list)
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (folder / "environ").read_bytes().split(b"\0")
            mark = next((v for v in variables if v.startswith(MARK.encode() + b"=")), None)
            if mark and (folder / "stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z":
                found[mark.partition(b"=")[2].decode()].append(int(folder.name))
                os.kill(int(folder.name), signal.SIGKILL)
    return found


def process_below(pid, name):
    """The process itself, or the one below it that the row runs in a namespace."""
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        if file.read() == f"{name}\n":
            return pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return process_below(int(file.read().split()[0]), name)


class Documents:
    """What mosquitto_sub writes down of workers, by hive and worker: threads would not do in a process that forks."""

    def __init__(self, folder, port, root, leaf):
        self.root, self.port, self.leaf = root, port, leaf.encode()
        self.of = collections.defaultdict(list)
        self.unread, self.at = b"", 0
        self.file = open(folder / leaf, "wb+")
        self.process = subprocess.Popen(["mosquitto_sub", "-V", "5", "-p", str(port), "-t", f"{root}/#", "-F", "%t %p"],
                                        stdout=self.file)
        await_that(self.hears, "the subscription")

    def hears(self):
        subprocess.run(["mosquitto_pub", "-V", "5", "-p", str(self.port), "-t", f"{self.root}/ready", "-m", "x"], check=True)
        return os.fstat(self.file.fileno()).st_size > 0

    def read(self):
        fresh = os.pread(self.file.fileno(), 1 << 24, self.at)
        self.at += len(fresh)
        *lines, self.unread = (self.unread + fresh).split(b"\n")
        for topic, _, text in (line.partition(b" ") for line in lines):
            *_, hive, _, worker, leaf = [b"", b"", b"", *topic.split(b"/")]
            if leaf == self.leaf and text:
                self.of[hive.decode(), worker.decode()].append(json.loads(text))

    def end(self):
        self.process.terminate()
        self.process.wait(LIMIT_S)
        self.file.close()
