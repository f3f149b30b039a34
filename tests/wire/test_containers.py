"""Containers are found through the engine's command line; every way it can fail is one sentence with a mend."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.wire.errors import WireError
from probe.wire.owner import container_process

IDENTITY = "4ba0" * 16


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that could be a container's."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child.pid
        child.communicate(b"\n")


def engine(folder: Path, name: str, script: str) -> dict[str, str]:
    """An environment in which ``name`` is this shell script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)
    return {"PATH": f"{folder}:{os.defpath}" if script.startswith("exec sleep") else str(folder)}


def test_the_process_is_the_containers_where_the_handle_on_its_namespace_agrees(tmp_path: Path, sleeper: int) -> None:
    answer = f"echo {IDENTITY} {sleeper} running /proc/{sleeper}/ns/net"
    assert container_process("web", environment=engine(tmp_path, "docker", answer)) == sleeper


def test_a_process_of_another_machine_is_not_taken_for_the_containers(tmp_path: Path, sleeper: int) -> None:
    answer = f"echo {IDENTITY} {sleeper} running /proc/{sleeper}/ns/uts"
    with pytest.raises(WireError, match="another machine"):
        container_process("web", environment=engine(tmp_path, "docker", answer))


@pytest.mark.parametrize("record", ["cgroup", "mountinfo"])
def test_the_process_is_the_containers_where_its_group_or_its_mounts_say_so(
    tmp_path: Path, record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As podman has it: no handle on the namespace of a container without network, and not always control groups."""
    for name in ("cgroup", "mountinfo"):
        file = tmp_path / "proc" / "12" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"0::/x-{IDENTITY}\n" if name == record else "0::/\n", encoding="ascii")
    monkeypatch.setattr("probe.wire.owner._PROC", tmp_path / "proc")
    assert container_process("web", environment=engine(tmp_path, "podman", f"echo {IDENTITY} 12 running")) == 12


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'Error: No such container: web' >&2; exit 1", "docker knows no container web: `docker ps`"),
        ("echo 'Cannot connect to the Docker daemon at unix:///x' >&2; exit 1", "daemon does not answer: start it"),
        ("echo 'error during connect: dial tcp: lookup x: no such host' >&2; exit 1", "daemon does not answer"),
        ("printf 'WARNING: config.json: permission denied\\nCannot connect\\n' >&2; exit 1", "daemon does not answer"),
        ("echo 'permission denied while trying to connect' >&2; exit 1", "run it with `sudo`"),
        ("echo 'something else' >&2; exit 1", r"\(something else\)"),
        (f"echo {IDENTITY} 0 exited", r"is not running \(exited\): `docker start web`"),
        (f"echo {IDENTITY} 12 paused", r"is not running \(paused\): `docker unpause web`"),
        ("echo", "gave no process"),
        ("exec sleep 60", "did not answer within 0.3 s"),
    ],
)
def test_what_keeps_us_out_is_named(tmp_path: Path, script: str, sentence: str) -> None:
    with pytest.raises(WireError, match=sentence) as refusal:
        container_process("web", patience=0.3, environment=engine(tmp_path, "docker", script))
    assert "\n" not in str(refusal.value)


def test_without_an_engine_the_way_round_is_named(tmp_path: Path) -> None:
    with pytest.raises(WireError, match=r"neither docker nor podman is installed: .* --netns PID"):
        container_process("web", environment={"PATH": str(tmp_path)})


def test_podmans_containers_are_found_beside_a_docker_that_knows_nothing(tmp_path: Path, sleeper: int) -> None:
    engine(tmp_path, "docker", "echo 'Error: No such container: web' >&2; exit 1")
    environment = engine(tmp_path, "podman", f"echo {IDENTITY} {sleeper} running /proc/{sleeper}/ns/net")
    assert container_process("web", environment=environment) == sleeper


def test_of_two_engines_that_of_the_stopped_container_is_named(tmp_path: Path) -> None:
    engine(tmp_path, "docker", "echo 'Error: No such container: web' >&2; exit 1")
    environment = engine(tmp_path, "podman", f"echo {IDENTITY} 0 exited")
    with pytest.raises(WireError, match="`podman start web`"):
        container_process("web", environment=environment)
