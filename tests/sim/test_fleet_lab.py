"""scripts/fleet-lab: the ledger, the seed that is next, and a finding cut to what it needs."""
import os
import pathlib
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "fleet-lab"
SIMULATION = os.environ["SIM_RANDOM"]

# Finds something in seed 30 and wherever both `cut w1` and `kill w2` are in the script; ends by a signal in seed 40.
PROGRAM = """#!/bin/sh
result() { echo "$1$2.5000 worker-hours, 3 events, hash 00ff: $3"; }
verdict() { if grep -q 'cut w1' "$1" && grep -q 'kill w2' "$1"; then result '# ' 0 'w7 became stale at 123'; else result '# ' 0 ok; fi; }
case $# in
2)
    for seed in $(seq "$1" $(($1 + $2 - 1))); do
        case $seed in 30) result "seed $seed: " 1 'w3 became stale at 99' ;; 40) kill -SEGV $$ ;; *) result "seed $seed: " 1 ok ;; esac
    done ;;
*)
    if [ "$1" = - ]; then cat >"$0.script"; else
        for second in 1 2 3 4 5 6 7 8 9; do echo "[ ${second}000] world         cut w$second"; done >"$0.script"
        echo '[ 10000] world         kill w2' >>"$0.script"
        echo '[ 10001] queen  q1     w7 online -> stale' >>"$0.script"
        cat "$0.script"
    fi
    verdict "$0.script" ;;
esac
"""


def lab(tmp_path, *arguments):
    done = subprocess.run([SCRIPT, "--ledger", tmp_path / "ledger.tsv", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def rows(tmp_path):
    return [line.split("\t") for line in (tmp_path / "ledger.tsv").read_text().splitlines()]


def fake(tmp_path):
    program = tmp_path / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return program


def test_what_is_found_is_in_the_ledger_and_its_script_is_short(tmp_path):
    code, out = lab(tmp_path, "--program", fake(tmp_path), "--for", "1s", "--from", "1")
    found = [row for row in rows(tmp_path) if row[4] != "-"]
    assert code == 1, out
    assert [row[2] for row in found][:2] == ["30", "40"]
    assert found[0][4] == "w3 became stale at 99"
    assert "signal 11" in found[1][4]
    assert rows(tmp_path)[0][2:4] == ["1-50", "73.5"]  # the one that ended the program lived no hour
    script = (tmp_path / "seed-30.trace").read_text().splitlines()
    assert [line.split("world")[1].strip() for line in script[1:]] == ["cut w1", "kill w2"]


def test_it_goes_on_behind_the_last_seed_of_the_ledger(tmp_path):
    (tmp_path / "ledger.tsv").write_text("2026-01-01T00:00:00Z\tabc\t1-50\t20.0\t-\n2026-01-01T00:00:01Z\tabc\t7\t0.0\tw1 is gone\n")
    code, out = lab(tmp_path, "--program", fake(tmp_path), "--for", "1s", "--jobs", "2")
    assert code == 0, out
    hours = {row[2]: row[3] for row in rows(tmp_path)[2:]}  # in whatever order the two jobs ended
    assert {"51-100", "101-150"} <= hours.keys() and "1-50" not in hours
    assert hours["51-100"] == "75.0"
    code, out = lab(tmp_path, "--summary")
    assert code == 0 and "1 findings" in out and "seed 7: w1 is gone" in out


def test_it_reads_what_the_simulation_prints(tmp_path):
    _, out = lab(tmp_path, "--program", SIMULATION, "--replay", "1")
    assert out.startswith("seed 1: ") and "no result" not in out


def test_options_that_cannot_be_are_refused(tmp_path):
    for arguments in (["--for", "8"], ["--jobs", "0"], ["--unknown"], ["--jobs", "two"]):
        code, out = lab(tmp_path, *arguments)
        assert code == 2 and "fleet-lab:" in out, arguments
    assert lab(tmp_path, "--help")[0] == 0
