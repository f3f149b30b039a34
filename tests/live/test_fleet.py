"""Several hosts at once, as a user checks them: each with its own trouble, and Ctrl-C keeps the results."""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from probe.spec.segment import Endpoint
from probe.wire.namespace import pdeathsig
from probe.wire.sockdiag import KernelTable
from tests.live.far import Far
from tests.live.test_check import filtered, free_port, server

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--no-wait", "--only", "open", "--only", "close-by-*", "--only", "refused")
WAITING = ("--only", "open", "--only", "synack-retransmitted")
Hosts = list[Endpoint]


@pytest.fixture
def hosts(private_net: None) -> Iterator[Hosts]:
    """Three machines, as far as TCP can tell: targets on loopback addresses of their own."""
    with ExitStack() as stack:
        yield [stack.enter_context(target_on(f"127.0.9.{number}")) for number in (1, 2, 3)]


class target_on:  # noqa: N801  # reads as a function
    """A `probe target` at an address, until the block ends."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> Endpoint:
        command = [sys.executable, "-m", "probe.target", "--host", self.address, "--port", "0"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            preexec_fn=pdeathsig,  # noqa: PLW1509
        )
        assert self.process.stdout is not None
        return Endpoint(self.address, int(self.process.stdout.readline().rpartition(":")[2]))

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)


class Command:
    """`probe check` as a process of its own, in the namespace of the tests."""

    def __init__(self, tmp_path: Path, *arguments: object) -> None:
        self.json = tmp_path / "out.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "probe", "check", "--json", str(self.json), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"COLUMNS": "160"},
            preexec_fn=pdeathsig,  # noqa: PLW1509
        )
        self.out = self.err = ""

    def ended(self, within: float = 60) -> int:
        self.out, self.err = self.process.communicate(timeout=within)
        return self.process.returncode

    def found(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.json.read_text())
        return document

    def verdicts(self) -> dict[str, set[str]]:
        """Target -> the words of its exchanges."""
        return {run["target"]: {e["verdict"] for e in run["exchanges"]} for run in self.found()["runs"]}

    def workers(self) -> list[int]:
        """The processes it started."""
        pid = self.process.pid
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look again and again; there is no event to wait for in another process."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        select.select([], [], [], 0.01)


def half_open(endpoint: Endpoint) -> set[Endpoint]:
    """The far ends of its connections in SYN-RECEIVED."""
    with KernelTable() as table:
        found = table.snapshot(endpoint.port)
    return {remote for local, remote, state in found if local == endpoint and state == "SYN-RECEIVED"}


def wait_until_waiting(endpoints: Hosts) -> None:
    """Until each has a connection that stays half-open: `synack-retransmitted` waits for two repetitions."""
    for endpoint in endpoints:
        since: dict[Endpoint, float] = {}

        def stays(endpoint: Endpoint = endpoint, since: dict[Endpoint, float] = since) -> bool:
            now = time.monotonic()
            return any(now - since.setdefault(one, now) > 0.7 for one in half_open(endpoint))

        until(stays)


def span(exchange: dict[str, Any]) -> tuple[float, float]:
    """When its first and its last segment were seen."""
    return exchange["started"], exchange["started"] + exchange["steps"][-1]["time"]


def test_hosts_run_side_by_side_and_are_reported_in_one_table(hosts: Hosts, tmp_path: Path) -> None:
    command = Command(tmp_path, *hosts, "--only", "synack-retransmitted", "--only", "open")
    assert command.ended() == 0, command.err
    assert command.verdicts() == {str(e): {"pass"} for e in hosts}
    spans = [list(itertools.chain(*map(span, run["exchanges"]))) for run in command.found()["runs"]]
    assert max(map(min, spans)) < min(map(max, spans)), "the last began after the first was over"
    rows = [line for line in command.out.splitlines() if line.startswith("127.0.9.")]
    assert [row.split()[0] for row in rows] == [str(e) for e in hosts]
    assert "probe: 3 targets: 6 pass" in command.out


def test_one_recording_holds_all_hosts_and_is_judged_the_same_again(hosts: Hosts, tmp_path: Path) -> None:
    path = tmp_path / "all.pcapng"
    command = Command(tmp_path, *hosts, *QUICK, "--save", path)
    assert command.ended() == 0, command.err
    replay = [sys.executable, "-m", "probe", "replay", str(path)]
    again = subprocess.run(replay, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "equal the recorded ones" in again.stdout
    packets = [s["packet"] for run in command.found()["runs"] for e in run["exchanges"] for s in e["steps"]]
    assert len(set(packets)) == len(packets)


def test_the_trouble_of_one_host_is_its_own(hosts: Hosts, tmp_path: Path) -> None:
    refused = Endpoint("127.0.9.1", free_port())
    path = tmp_path / "lab.toml"
    path.write_text(
        f'[defaults]\nport = {hosts[0].port}\n[[host]]\nname = "here"\naddress = "{hosts[0].address}"\n'
        '[[host]]\nname = "nowhere"\naddress = "192.0.2.9"\n[[host]]\nname = "nameless"\naddress = "nohost.invalid"\n'
        f'[[host]]\nname = "shut"\naddress = "{refused.address}"\nport = {refused.port}\n'
    )
    command = Command(tmp_path, "--hosts", path, hosts[1], *QUICK)
    assert command.ended() == 2, command.err  # a name that cannot be found outweighs a missing route
    assert "no route to 192.0.2.9" in command.err
    assert "nohost.invalid cannot be found" in command.err
    found = command.found()
    assert {one["name"]: one["target"] for one in found["unchecked"]} == {
        "nowhere": f"192.0.2.9:{hosts[0].port}",
        "nameless": "nohost.invalid",
        "shut": str(refused),
    }
    verdicts = command.verdicts()
    assert verdicts[str(hosts[0])] == verdicts[str(hosts[1])] == {"pass"}
    assert str(refused) not in verdicts
    assert f"{refused} refuses connections (RST)" in command.out.replace("\n", " ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_has_every_host_hand_over_what_it_has(
    number: signal.Signals, hosts: Hosts, tmp_path: Path
) -> None:
    command = Command(tmp_path, *hosts, "--jobs", "2", *WAITING, "--save", tmp_path / "p")
    wait_until_waiting(hosts[:2])
    workers = command.workers()
    assert len(workers) == 2
    command.process.send_signal(number)
    assert command.ended() == 130, command.err
    found = command.found()
    assert [run["target"] for run in found["runs"]] == [str(e) for e in hosts[:2]]
    assert [{e["id"]: e["verdict"] for e in run["exchanges"]} for run in found["runs"]] == [
        {"open": "pass", "synack-retransmitted": "inconclusive"}
    ] * 2, [e["reason"] for run in found["runs"] for e in run["exchanges"]]
    assert [one["reason"] for one in found["unchecked"]] == ["interrupted before its turn"]
    assert "interrupted; what was done until then is reported" in command.err
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not half_open(hosts[0])  # the connections in progress were reset


def test_a_worker_that_dies_costs_its_host_only(hosts: Hosts, tmp_path: Path) -> None:
    command = Command(tmp_path, *hosts, *WAITING)
    wait_until_waiting(hosts)
    os.kill(command.workers()[1], signal.SIGKILL)
    assert command.ended() == 4, command.err
    assert "the process that checked it died (signal 9)" in command.err
    assert len(command.found()["unchecked"]) == 1
    assert list(command.verdicts().values()) == [{"pass"}] * 2


def test_workers_do_not_outlive_a_killed_command(hosts: Hosts, tmp_path: Path) -> None:
    command = Command(tmp_path, *hosts, "--only", "synack-retransmitted")
    wait_until_waiting(hosts)
    workers = command.workers()
    command.process.kill()
    command.process.communicate()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_a_host_that_vanishes_midway_is_not_accused_and_the_other_is_judged(veth_pair: Far, tmp_path: Path) -> None:
    gone = veth_pair.start_target()[4]
    filtered(veth_pair, "input tcp dport != 0 limit rate over 1/hour burst 150 packets drop")
    with target_on("127.0.9.9") as here:
        only = [f"--only={name}" for name in ("open", "close-*", "half-*", "abort-*", "old-*", "isn-*", "delayed-ack")]
        command = Command(tmp_path, gone, here, *only, "--patience", "0.2")
        code = command.ended()
    verdicts = command.verdicts()
    assert code == 3, (command.out, command.err)
    assert "fail" not in verdicts[str(gone)]
    assert {"pass", "inconclusive"} <= verdicts[str(gone)]
    assert verdicts[str(here)] == {"pass"}
    assert f"{gone}: the peer answers no longer" in command.err


SLUGGISH = """
import select, socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=0)
held, due = [], 0.0
while True:
    now = time.monotonic()
    ready, _, _ = select.select(held + ([server] if now >= due else []), [], [], 0.02)
    for one in ready:
        if one is server:
            held.append(server.accept()[0])
            due = now + 0.3
            continue
        try:
            more = one.recv(4096)
        except OSError:
            more = b""
        if not more:
            held.remove(one)
            one.close()
"""


@pytest.mark.timeout(200)
@pytest.mark.parametrize("cookies", ["0", "1"])
def test_a_full_backlog_slows_down_and_accuses_nobody(cookies: str, tmp_path: Path, private_net: None) -> None:
    setting = Path("/proc/sys/net/ipv4/tcp_syncookies")
    before = setting.read_text()
    setting.write_text(cookies)
    try:
        port = free_port()
        with server([sys.executable, "-c", SLUGGISH, str(port)], port) as endpoint:
            only = ("open", "close-by-us", "abort-by-us", "old-syn-*ed", "delayed-ack", "isn-differs", "synack-*")
            command = Command(tmp_path, endpoint, "--trigger", "none", *(f"--only={name}" for name in only))
            assert command.ended(150) in (0, 3), (
                command.out
            )  # where cookies come now and then a repetition is awaited often
    finally:
        setting.write_text(before)
    assert cookies == "1" or "slowed down to" in command.err
    words = [e["verdict"] for e in command.found()["exchanges"]]
    assert not {"fail", "warn"} & set(words)
    assert words.count("pass") >= len(words) - 2, command.out  # a busy machine may miss one or two


def test_rate_and_parallelism_are_kept_per_host(hosts: Hosts, tmp_path: Path) -> None:
    only = ("--no-wait", "--only", "open", "--only", "close-by-us", "--only", "abort-by-us", "--only", "delayed-ack")
    command = Command(tmp_path, *hosts[:2], *only, "--rate", "10", "--parallel", "1", "--trigger", "none")
    assert command.ended() == 0, command.err
    for run in command.found()["runs"]:
        spans = sorted(map(span, run["exchanges"]))
        assert len(spans) == 4
        for (before, over), (after, _) in itertools.pairwise(spans):
            assert after - before >= 0.09
            assert after >= over
