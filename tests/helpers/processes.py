"""Programs that a test starts, each ended with the test."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import ExitStack

from probe.wire.namespace import pdeathsig


def started(command: Sequence[str], exits: ExitStack) -> subprocess.Popen[str]:
    """A child with pipes, which ends with ``exits``, and dies with us."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pdeathsig,  # noqa: PLW1509
    )
    exits.callback(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=10)
