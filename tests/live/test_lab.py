"""The embedded lab: it starts, serves, stops, and leaves nothing, even when its parent is killed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader

from probe.lab import Lab
from probe.wire.errors import WireError
from tests.target.client import Client

PARENT = """
import os
from probe.lab import Lab
with Lab() as lab:
    print(lab.pid, os.readlink("/proc/thread-self/ns/net"), *lab.endpoints.values(), flush=True)
    input()
"""


def ended(pidfd: int) -> bool:
    """Whether the process ends in good time."""
    return bool(select.select([pidfd], [], [], 10)[0])


def namespaces_in_use() -> set[str]:
    """The network namespaces that some process is in."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(str(link.readlink()))
        except OSError:  # ended meanwhile
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_parent_is_killed(number: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, namespace, *endpoints = parent.stdout.readline().split()
        child = os.pidfd_open(int(pid))
        assert namespace in namespaces_in_use()
        parent.send_signal(number)
        parent.wait(10)
    assert ended(child)
    os.close(child)
    assert namespace not in namespaces_in_use()
    assert len(endpoints) == 2


def test_closing_stops_the_target() -> None:
    with Lab(private=False) as lab:
        assert sorted(lab.endpoints) == [4, 6]
        child = os.pidfd_open(lab.pid or 0)
        for endpoint in lab.endpoints.values():
            client = Client((endpoint.address, endpoint.port), b"PROBE hello; close\n")
            assert client.rest()
            client.sock.close()
        assert lab.close() == 0
    assert ended(child)
    os.close(child)
    assert lab.close() is None


def test_a_target_that_hangs_is_killed() -> None:
    lab = Lab(private=False)
    lab.start()
    assert lab.pid
    os.kill(lab.pid, signal.SIGSTOP)
    assert lab.close(0.2) == -signal.SIGKILL


def test_a_target_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\necho no such luck >&2\nexit 7\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(WireError, match=r"did not start \(exit code 7\): no such luck"):
        Lab(private=False).start()


def test_a_target_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\nexec cat >&2\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(WireError, match="it said nothing"):
        Lab(private=False, patience=0.2).start()


@pytest.mark.parametrize("command", [("check", "--only", "close-*", "--no-wait"), ("matrix", "--only", "LISTEN")])
def test_both_versions_are_judged_at_once_and_recorded_in_turn(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "lab.pcapng"
    words = [sys.executable, "-m", "probe", *command, "--save", str(path), "--json", "-"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)
    assert [run["ip_version"] for run in found["runs"]] == [4, 6]
    with RawPcapNgReader(str(path)) as packets:
        versions = [packet[0] >> 4 for packet, _ in packets]
    assert set(versions) == {4, 6}
    assert versions == sorted(versions)


def test_an_interrupted_lab_reports_both_versions() -> None:
    words = [sys.executable, "-m", "probe", "check", "-q", "--jsonl", "/dev/stderr"]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    under_way: set[int] = set()
    while under_way != {4, 6}:
        event = json.loads(running.stderr.readline())
        under_way |= {event["ip_version"]} if event["event"] == "exchange" else set()
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert [line.split()[2] for line in out.splitlines() if line.startswith("target")] == ["(IPv4),", "(IPv6),"]
    assert "interrupted; exit 130" in out
