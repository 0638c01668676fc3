"""How skep is called, and what it says when it cannot do it."""

import subprocess

import pytest

from fleet import BIN, LIMIT_S, Skep

NOBODY = "http://127.0.0.1:1"
COMMANDS = ["ps", "describe", "verify", "wait", "events", "forget"]


@pytest.fixture
def lonely():
    """A skep without a queen."""
    return Skep(NOBODY)


@pytest.mark.parametrize("arguments", [["ps"], ["ps", "--watch"], ["describe", "w"], ["wait", "w"], ["events"],
                                       ["events", "-f"], ["forget", "w"], ["verify", "w"]])
def test_without_a_queen_one_sentence_says_what_to_do(lonely, arguments):
    done = lonely(*arguments)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.count("\n") == 1
    assert NOBODY in done.stderr and "start skep-queen" in done.stderr and "--queen" in done.stderr


@pytest.mark.parametrize("why, arguments, says", [
    ("no command", [], "COMMAND"),
    ("no such command", ["pss"], "pss"),
    ("commands are not abbreviated", ["desc", "w"], "desc: no such command; did you mean skep describe?"),
    ("a word of kubectl", ["get", "workers"], "did you mean skep ps?"),
    ("a word of docker", ["logs", "w"], "the log of its hive"),
    ("help for no command", ["help", "pods"], "pods: no such command (see"),
    ("no worker", ["describe"], "WORKER"),
    ("two workers", ["describe", "a", "b"], "b: unexpected argument"),
    ("a word where none belongs", ["ps", "w"], "w: unexpected argument"),
    ("an option that is not there", ["ps", "--colour"], "--colour"),
    ("options are not abbreviated", ["ps", "--wat"], "--wat"),
    ("an option of another command", ["events", "--hive", "h"], "--hive"),
    ("no such format", ["ps", "-o", "yaml"], "table|wide|json|jsonl|name"),
    ("a format of another command", ["verify", "w", "-o", "table"], "text|json"),
    ("no such state", ["wait", "w", "--for", "dead"], "unverified|online"),
    ("no duration", ["wait", "w", "--timeout", "30"], "30"),
    ("a document cannot be watched", ["ps", "--watch", "-o", "json"], "--watch"),
    ("no id", ["ps", "--hive", "a/b"], "a/b"),
    ("not HTTP", ["ps", "--queen", "ftp://x"], "ftp://x"),
    ("no URL", ["ps", "--queen", "127.0.0.1:7833"], "http://"),
    ("a query", ["ps", "--queen", "http://x/?a=b"], "query"),
    ("a password in a URL", ["ps", "--queen", "http://u:p@x/"], "--token-file"),
    ("a password in a broker's URI", ["health", "queen/q", "--broker", "mqtt://u:pw@h"], "--password-file"),
    ("brokers with and without TLS", ["health", "queen/q", "--broker", "mqtts://a,mqtt://b"], "mixed"),
    ("port 0", ["health", "queen/q", "--broker", "mqtt://h:0"], "1 to 65535"),
    ("a port above 65535", ["health", "queen/q", "--broker", "mqtt://h:99999"], "1 to 65535"),
    ("a file of a scheme", ["ps", "--queen", "file:///etc/passwd"], "file:///etc/passwd"),
])
def test_wrong_use(lonely, why, arguments, says):
    done = lonely(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), why
    assert says in done.stderr and done.stderr.count("\n") == 1, why


@pytest.mark.parametrize("arguments", [[]] + [[command] for command in COMMANDS])
def test_help_begins_with_examples(lonely, arguments):
    for option in ("--help", "-h"):
        done = lonely(*arguments, option)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.index("Examples:") < done.stdout.index("Usage:") < done.stdout.index("--queen")
        assert "Exit codes:" in done.stdout


@pytest.mark.parametrize("program", ["skep-queen", "skep-hive", "skep-worker", "skep-probe", "skep"] +
                         [f"skep {command}" for command in [*COMMANDS, "health", "queen", "hive"]])
def test_help_fits_80_columns(program):
    name, *command = program.split()
    done = subprocess.run([BIN / name, *command, "--help"], capture_output=True, text=True, timeout=LIMIT_S,
                          check=True)
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []


def test_help_lists_every_command(lonely):
    assert [command for command in COMMANDS if f"\n  {command} " not in lonely("--help").stdout] == []


def test_help_of_ps_says_what_a_adds(lonely):
    assert "include offline workers" in " ".join(lonely("ps", "--help").stdout.split())


def test_help_is_a_command_too(lonely):
    for words, options in ((["help"], ["--help"]), (["help", "ps"], ["ps", "--help"])):
        done = lonely(*words)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", lonely(*options).stdout)


def test_version(lonely):
    for arguments in (["--version"], ["ps", "--version"], ["version"]):
        done = lonely(*arguments)
        assert (done.returncode, done.stdout.split()[0]) == (0, "skep")


def test_options_may_stand_before_the_command(skep, fleet):
    fleet("h1/w1")
    assert Skep(NOBODY)("--queen", skep.environment["SKEP_QUEEN"], "ps", "-o", "name").stdout == "h1/w1\n"
    assert skep("--queen", NOBODY, "ps").returncode == 5


def test_the_environment_of_a_worker_is_no_filter(skep, fleet):
    fleet("h1/w1")
    done = skep("ps", "-o", "name", env={**skep.environment, "SKEP_HIVE": "h2", "SKEP_STATE": "stale"})
    assert done.stdout == "h1/w1\n"


def test_no_proxy_of_the_environment_is_asked(skep, fleet):
    fleet("h1/w1")
    proxies = {"http_proxy": NOBODY, "all_proxy": NOBODY}
    assert skep("ps", "-o", "name", env={**skep.environment, **proxies}).stdout == "h1/w1\n"


def test_a_full_disk_is_told(skep, fleet):
    fleet("h1/w1")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = skep("ps", stdout=full, capture_output=False, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr


def test_what_answers_is_no_queen(broker):
    """A broker takes the connection and then hangs up on HTTP."""
    done = Skep(f"http://127.0.0.1:{broker.port}")("ps")
    assert done.returncode in (1, 5)
    assert done.stderr.startswith("skep: ") and done.stderr.count("\n") == 1


def test_a_reader_that_leaves_early_is_no_trouble(skep, fleet):
    fleet("h1/w1")
    line = f'"{BIN}/skep" ps -o name | true'
    done = subprocess.run(["sh", "-c", line], env=skep.environment, capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_has_no_loop_of_its_own():
    """A one-shot tool waits with poll(2): the daemons' libraries are not loaded."""
    loaded = subprocess.run(["ldd", BIN / "skep"], capture_output=True, text=True, check=True).stdout
    assert "libmosquitto" in loaded and "libuv" not in loaded and "libmicrohttpd" not in loaded
