"""Options and hive.ini: what is refused before anything is started."""

import subprocess

import pytest

from fleet import BIN, LIMIT_S, clean_environment

EXIT_USAGE = 2


def run(*options, **environment):
    return subprocess.run([BIN / "skep-hive", *options], capture_output=True, text=True, timeout=LIMIT_S,
                          env=clean_environment(**environment))


@pytest.mark.parametrize("text, line, why", [
    ("[hive]\n[queen]\n", 2, "unknown section [queen]"),
    ("[worker w1]\ncommand = true\n", 1, "must be [hive], [agent] or [worker \"NAME\"] (with the quotes)"),
    ('[worker ""]\n', 1, "worker"),
    ('[worker "a b"]\n', 1, "a b"),
    ('[worker "w1"]\ncommand = true\n[worker "w1"]\ncommand = true\n', 3, "worker w1 is listed twice"),
    ('[worker "w1"]\ncommand = true\ncommand = false\n', 3, "command is given twice"),
    ('[worker "w1"]\ncommand = "true\n', 2, "quote is not closed"),
    ('[worker "w1"]\ncommand =\n', 2, "command: is empty"),
    ('[worker "w1"]\ncommand = true\nrestart = sometimes\n', 3, "must be always, on-failure or never"),
    ('[worker "w1"]\ncommand = true\ninterval = 1ms\n', 3, "from 50ms to 1d"),
    ('[worker "w1"]\ncommand = true\nenvironment = A\n', 3, "KEY=VALUE"),
    ('[worker "w1"]\ncommand = true\nenvironment = SKEP_ID=x\n', 3, "belong to the agent"),
    ('[worker "w1"]\ncommand = true\ndirectory = here\n', 3, "absolute"),
    ('[worker "w1"] ; a comment\n', 1, "a comment needs a line of its own"),
    ('[worker "w1"]\ncommand = ' + "x" * 65536 + "\n", 2, "at most 65536"),
    ('[worker "w1"]\ninterval = 5s\n[worker "w2"]\ncommand = true\n', 1, "worker w1 has no command"),
    ("[agent]\ninterval = 5s\ninterval = 6s\n", 3, "interval is given twice"),
    ("[agent]\n[hive]\n[agent]\n", 3, "section [agent] repeated"),
    ("[agent]\nbroker = mqtt://elsewhere\n", 2, "broker"),
    ("[agent]\nkeep-alive = 5500ms\n", 2, "whole seconds"),
    ("[agent]\nkeep-alive = 1s\n", 2, "keep-alive"),
    ("[agent]\nhttp = 0.0.0.0:0\n", 2, "only loopback addresses"),
    ("[agent]\non-agent-death = dance\n", 2, "on-agent-death"),
    ("[hive]\nhttp = 127.0.0.1:1\nhttp = 127.0.0.1:2\n", 3, "repeated"),
    ("[hive]\ncommand = true\n", 2, "unknown option"),
    ("id = x\n", 1, "must come after the line [hive]"),
])
def test_a_bad_file_is_refused_with_its_line(tmp_path, text, line, why):
    ini = tmp_path / "hive.ini"
    ini.write_text(text, encoding="utf-8")
    done = run("--config", ini)
    assert done.returncode == EXIT_USAGE
    assert f"{ini}:{line}: " in done.stderr and why in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("options, why", [
    (("--http", "0.0.0.0:7835"), "--token-file"),
    (("--http", "0.0.0.0:7835", "--token-file", "/no/such/file"), "--token-file /no/such/file"),
    (("--broker", "http://x"), "http://x"),
    (("--root", "a/#"), "root"),
    (("--id", "a/b"), "a/b"),
    (("--cert", "x"), "needs its key"),
    (("--config", "/no/such/file"), "/no/such/file"),
    (("--interval", "5s"), "--interval"),
    (("sleep", "1000"), "sleep"),
])
def test_bad_options_are_refused(options, why):
    done = run(*options)
    assert done.returncode == EXIT_USAGE and why in done.stderr and done.stderr.count("\n") == 1


def test_a_good_file_is_valid(tmp_path):
    ini = tmp_path / "hive.ini"
    ini.write_text('[hive]\nid = gpu-7\n[agent]\ninterval = 5s\nretain = 1h\nlog-level = warning\n'
                   '[worker "w1"]\ncommand = python3 -c "print(1)"\ninterval = 200ms\nrestart = never\n'
                   "environment = A=1\nenvironment = B=x y\ndirectory = /tmp\n", encoding="utf-8")
    assert run("--config", ini, "--check-config").returncode == 0
    printed = run("--config", ini, "--print-config").stdout
    assert "# from the file\nid = gpu-7\n" in printed and "# the default\nhttp = 127.0.0.1:7835\n" in printed


def test_what_a_worker_lacks_is_a_warning(tmp_path):
    """A start goes on without it, so nothing is refused; the line is what an editor jumps to."""
    (tmp_path / "text").write_text("no program\n", encoding="utf-8")
    serve = tmp_path / "serve"
    serve.write_text("#!/bin/sh\n", encoding="utf-8")
    serve.chmod(0o755)
    good = ["sh -c true", f"{serve}", f"./serve\ndirectory = {tmp_path}", f"serve\nenvironment = PATH={tmp_path}",
            f"serve\ndirectory = {tmp_path}\nenvironment = PATH=/bin:"]
    bad = [("/no/such/program", "command /no/such/program: No such file or directory"),
           ("no-such-program", "command no-such-program: No such file or directory in PATH"),
           (f"{tmp_path}/text", f"command {tmp_path}/text: Permission denied"),
           (f"text\nenvironment = PATH={tmp_path}", "command text: Permission denied"),
           (f"{tmp_path}", f"command {tmp_path}: Permission denied"),
           ("./serve", "command ./serve: No such file or directory"),
           ("true\ndirectory = /no/such", "directory /no/such: No such file or directory"),
           (f"true\ndirectory = {serve}", f"directory {serve}: Not a directory")]
    ini = tmp_path / "hive.ini"
    ini.write_text("".join(f'[worker "w{n}"]\ncommand = {command}\n' for n, command in
                           enumerate([*good, *(command for command, _ in bad)])), encoding="utf-8")
    done = run("--config", ini, "--check-config")
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (0, "configuration is valid\n")
    assert [line.split(" could not start: ")[1] for line in lines] == [why for _, why in bad]
    first = ini.read_text(encoding="utf-8").split("\n").index(f'[worker "w{len(good)}"]') + 1
    assert lines[0].startswith(f"skep-hive: warning: {ini}:{first}: worker w{len(good)} could not start: ")
    assert run("--config", ini, "--print-config").stderr == ""


def test_a_hive_without_workers_is_a_warning(hive):
    """It waits for a reload; but it may be that --config was forgotten."""
    done = run("--check-config")
    assert (done.returncode, done.stdout) == (0, "configuration is valid\n")
    assert done.stderr.startswith("skep-hive: warning: this hive has no workers: ") and "--config" in done.stderr
    assert "level=warning component=skep-hive msg=\"this hive has no workers: " in hive("").said()
    assert "no workers" not in hive('[worker "w1"]\ncommand = sleep 1000\n', name="hive-b").said()


def test_a_command_line_of_an_inference_engine_is_valid(tmp_path):
    """Some thousand bytes on one line, with what other readers of INI files take for a comment."""
    ini = tmp_path / "hive.ini"
    options = " ".join(f"--override-kv option.number.{n}=int:{n}" for n in range(200))
    ini.write_text(f'[worker "{"w" * 64}"]\ncommand = llama-server --chat-template "a ; b # c" {options}\n', encoding="utf-8")
    assert run("--config", ini, "--check-config").returncode == 0


def test_variables_of_the_hive_are_not_the_agents(hive, watched, monkeypatch):
    """SKEP_HTTP of the hive would be an option of its agents, and none of them could listen there."""
    monkeypatch.setattr("fleet.clean_environment", lambda: clean_environment(SKEP_HTTP="127.0.0.1:0", SKEP_EXEC="x"))
    from hive import section
    program = watched("w1")
    hive(section(program))
    program.await_start()


def test_a_taken_port_is_said(hive, broker):
    first = hive("")
    done = run("--http", first.url.removeprefix("http://"), "--id", "hive-b", "--broker",
               f"mqtt://127.0.0.1:{broker.port}")
    assert done.returncode == 1 and "in use" in done.stderr and "--http: " in done.stderr
