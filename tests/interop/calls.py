"""Programs and peers, run so that a failure says whose it is."""

import subprocess
from pathlib import Path


def run(*command, **options):
    command = [str(it) for it in command]
    done = subprocess.run(command, capture_output=True, **options)
    if done.returncode != 0:
        text = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise RuntimeError(f"{Path(command[0]).name}: {text[-600:]}")
    return done.stdout


def refusal(action, *arguments):
    try:
        return action(*arguments)
    except Exception as error:  # a peer may fail in any way
        return f"{type(error).__name__}: {error}"
