"""The embedded lab: a private network namespace with `probe target` in it, gone with the process that made it."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from probe.spec.segment import Endpoint
from probe.wire.errors import WireError
from probe.wire.namespace import enter_private, pdeathsig

_READY = "listening on "
_HOME = Path(__file__).resolve().parent.parent


class Lab:
    """A target of our own on loopback, as a child process; use it as a context manager.

    ``start`` (or entering the block) moves this process into a private namespace, which it never leaves again, and
    waits until the target listens; ``private=False`` stays in the present namespace. The child dies with the thread
    that started it, even by SIGKILL, and the namespace with its last process. Raises WireError.
    """

    def __init__(self, *, private: bool = True, patience: float = 15.0) -> None:
        self.endpoints: dict[int, Endpoint] = {}
        """IP version (4, 6) -> where the target listens; only versions this machine has."""
        self._private = private
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Lab:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The target's process id while it runs."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Enter the namespace, start the target, wait until it listens."""
        if self._private:
            enter_private()
        with tempfile.TemporaryFile() as complaints:
            # Standard input is the lifeline that ends with us, PDEATHSIG the second rope. The child must find the very
            # package this one came from, installed or not.
            search = os.pathsep.join(filter(None, (str(_HOME), os.environ.get("PYTHONPATH"))))
            self._child = subprocess.Popen(
                [sys.executable, "-m", "probe.target", "--port", "0", "--lifeline"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=os.environ | {"PYTHONPATH": search},
                preexec_fn=pdeathsig,  # noqa: PLW1509  # one system call through an already loaded library
                start_new_session=True,  # Ctrl-C is ours to handle: the target must outlive the last exchange
            )
            try:
                self.endpoints = {e.version: e for e in _listening(self._child, self._patience)}
            except BaseException:
                self.close()
                raise
            finally:
                complaints.seek(0)
                said = complaints.read().decode(errors="replace").strip()
            if not self.endpoints:
                code = self.close()
                raise WireError(f"the lab's target did not start (exit code {code}): {said or 'it said nothing'}")

    def close(self, patience: float = 3.0) -> int | None:
        """Stop the target (SIGTERM, after ``patience`` seconds SIGKILL) and reap it; its exit code."""
        child, self._child = self._child, None
        if child is None:
            return None
        self.endpoints = {}
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        finally:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
        return child.returncode


def _listening(child: subprocess.Popen[bytes], patience: float) -> list[Endpoint]:
    """What the target says it listens on; empty when it ended or kept silent too long."""
    assert child.stdout is not None
    pipe, deadline, said = child.stdout, time.monotonic() + patience, b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not said.endswith(b"\n") and selector.select(max(0.0, deadline - time.monotonic())):
            if not (more := os.read(pipe.fileno(), 4096)):
                break
            said += more
    told = [line.removeprefix(_READY) for line in said.decode().splitlines() if line.startswith(_READY)]
    places = (text.rpartition(":") for text in told)
    return [Endpoint(address.strip("[]"), int(port)) for address, _, port in places]
