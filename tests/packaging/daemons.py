"""What runs under a service manager. SKEP_BIN_DIR names the programs' folder."""

import os
import pathlib
import subprocess

BIN = pathlib.Path(os.environ["SKEP_BIN_DIR"])
os.umask(0o022)  # daemons trust no file that others may write
DAEMONS = ("skep-queen", "skep-hive")


def clean_environment(**more):
    """Without what a person has set for skep."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("SKEP_")}, **more}


def output_of(*command):
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
