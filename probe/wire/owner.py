"""The process whose network namespace is visited: found through docker's or podman's command line, and watched.

The namespace may live on with us in it after that process has ended.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from probe.wire.errors import DownError, WireError

ENGINES = ("docker", "podman")
_PATIENCE = 20.0
_FORMAT = "{{.Id}} {{.State.Pid}} {{.State.Status}} {{.NetworkSettings.SandboxKey}}"
_PROC = Path("/proc")
_SILENT = ("cannot connect", "is the docker daemon running", "failed to connect", "error during connect")
_UNKNOWN = ("no such container", "no such object", "no container with")
"""What the engines say where nothing listens, or where they have no such container."""
_PF_EXITING = 0x4  # linux/sched.h
_LOOK_AGAIN = 0.005
"""Seconds between looks: they cost one read each, and a check looks at the line thousands of times."""


class _NoSuchContainerError(WireError):
    """The engine answers and has no container of that name."""


def container_process(name: str, *, patience: float = _PATIENCE, environment: Mapping[str, str] = os.environ) -> int:
    """The id, on this machine, of the first process of the running container ``name`` (or id); WireError."""
    engines = [engine for engine in ENGINES if shutil.which(engine, path=environment.get("PATH"))]
    if not engines:
        raise WireError(f"neither {' nor '.join(ENGINES)} is installed: give the container's process with --netns PID")
    troubles = []
    for engine in engines:
        try:
            return _ask(engine, name, patience, environment)
        except WireError as error:
            troubles.append(error)
    # Where both are installed, one usually knows nothing of the other's containers.
    raise next((t for t in troubles if not isinstance(t, _NoSuchContainerError)), troubles[0])


def _ask(engine: str, name: str, patience: float, environment: Mapping[str, str]) -> int:
    command = [engine, "container", "inspect", "--format", _FORMAT, "--", name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=patience, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise WireError(
            f"{engine} did not answer within {patience:g} s: restart its daemon, or give --netns PID"
        ) from None
    except OSError as error:
        raise WireError(f"{engine} cannot be run ({os.strerror(error.errno or 0).lower()}): mend its rights") from error
    if done.returncode:
        raise _refusal(engine, name, done.stderr)
    answer = done.stdout.split()
    if len(answer) < 3 or not answer[1].isdecimal():
        raise WireError(f"{engine} gave no process of container {name}: give it with --netns PID")
    identity, process, status, *sandbox = answer
    if status != "running" or not int(process):
        mend = "unpause" if status == "paused" else "start"
        raise WireError(f"container {name} is not running ({status}): `{engine} {mend} {name}`")
    if not _is_its(int(process), identity, sandbox):
        raise WireError(
            f"process {process} of this machine is not the one of container {name}: {engine} runs on another machine,"
            " so run probe there, or give --netns PID"
        )
    return int(process)


def _refusal(engine: str, name: str, said: str) -> WireError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    # Warnings are of the engine's own settings, and would be taken for what they mention.
    lines = [line for line in lines if not line.startswith("WARNING")] or lines
    low = "\n".join(lines).lower()
    if "permission denied" in low:
        return WireError(f"{engine} may not be asked by this user: run it with `sudo`")
    if any(sign in low for sign in _SILENT):
        return WireError(f"{engine}'s daemon does not answer: start it, or set DOCKER_HOST to where it listens")
    if any(sign in low for sign in _UNKNOWN):
        return _NoSuchContainerError(f"{engine} knows no container {name}: `{engine} ps` lists those there are")
    first = lines[0] if lines else "no reason given"
    return WireError(f"{engine} could not look at container {name} ({first}): mend that, or give --netns PID")


def _is_its(process: int, identity: str, sandbox: list[str]) -> bool:
    """Whether it is the container's process, and not a stranger here with the number of one on another machine.

    Its control group names the container, or its mounts do, as the engine puts files of its own there (podman within a
    container makes no control groups). Docker keeps a handle on the namespace as well. Where nothing can be looked at,
    entering will say why.
    """
    try:
        for record in ("cgroup", "mountinfo"):
            if identity in (_PROC / str(process) / record).read_text(encoding="utf-8", errors="replace"):
                return True
        if not sandbox:
            return False
        return Path(sandbox[0]).samefile(_PROC / str(process) / "ns/net")
    except PermissionError:
        return True
    except OSError:
        return False


def started(process: int) -> str:
    """When a process began, in the kernel's clock ticks; empty when there is none or it has ended.

    Sockets close while a process is still exiting, so that counts as ended. See proc_pid_stat(5), fields 3, 9, 22.
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") or int(fields[6]) & _PF_EXITING else fields[19]


@dataclass(slots=True)
class Owner:
    """The process whose namespace is visited. Called, it raises WireError once that is gone. Can be pickled.

    Its sockets end with it, and the kernel, which is the peer, then resets what it had accepted: nothing that comes
    from then on tells how the peer opens and closes connections.
    """

    process: int
    what: str
    since: str = ""
    _next: float = field(default=0.0, repr=False)

    def __post_init__(self) -> None:
        self.since = self.since or started(self.process)

    def __call__(self) -> None:
        """WireError when it is gone."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _LOOK_AGAIN
        if self.gone():
            raise DownError(f"{self.what} ended during the run: what was found until then is reported; start it again")

    def gone(self) -> bool:
        """Whether it has ended; another process may have its number by now."""
        return not self.since or started(self.process) != self.since

    @contextmanager
    def ending(self) -> Iterator[int | None]:
        """A descriptor that becomes readable when it ends (pidfd_open(2)); None where it has ended already."""
        try:
            descriptor = os.pidfd_open(self.process)
        except ProcessLookupError:
            yield None
            return
        try:
            yield None if self.gone() else descriptor
        finally:
            os.close(descriptor)
