"""Targets and a file of hosts to jobs: what each is told, which share a host, and what the command line outweighs."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from probe.cli.options.hosts import Host
from probe.cli.output.progress import FleetProgress
from probe.cli.output.terminal import Progress
from probe.cli.run.plan import Plan, given, plan
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from probe.wire.errors import TargetError
from tests.cli.conftest import Invoke, StandIn
from tests.reports.records import UNANSWERED, exchange, run

Captured = pytest.CaptureFixture[str]
NAMES = {"both.test": ("192.0.2.1", "2001:db8::1"), "four.test": ("192.0.2.4",)}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(host: str, port: object, family: int, kind: int) -> list[tuple[object, ...]]:
        del port
        found = [a for a in NAMES.get(host, ()) if (socket.AF_INET6 if ":" in a else socket.AF_INET) == family]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(family, kind, 6, "", (a, 0)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def made(*hosts: Host, versions: tuple[int, ...] = (), **explicit: object) -> Plan:
    return plan(hosts, versions, CheckOptions(**explicit), explicit)  # type: ignore[arg-type]  # a keyword an option


def targets(one: Plan) -> list[list[str]]:
    return [[str(job.target) for job in lane] for lane in one.lanes()]


def test_a_host_is_asked_for_one_target_at_a_time() -> None:
    hosts = given(["both.test:80", "192.0.2.9:80", "192.0.2.1:81", "[2001:db8::1]:82", "192.0.2.9:81"])
    assert targets(made(*hosts)) == [
        ["192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.1:81", "[2001:db8::1]:82"],
        ["192.0.2.9:80", "192.0.2.9:81"],
    ]


def test_what_cannot_be_found_keeps_its_place() -> None:
    one = made(*given(["192.0.2.9:80", "none.test:80", "four.test:80"]))
    assert [(place, host.address) for place, host, _ in one.lost] == [(1, "none.test")]
    assert [(job.number, str(job.target)) for job in one.jobs] == [(0, "192.0.2.9:80"), (2, "192.0.2.4:80")]


def test_what_is_no_target_is_refused_before_anything_is_looked_up() -> None:
    with pytest.raises(TargetError, match="no port"):
        given(["192.0.2.9:80", "host"])


def test_the_file_holds_where_the_command_line_says_nothing() -> None:
    host = Host("a", "192.0.2.9", (80,), settings={"profile": "rfc793", "patience": 2.0, "parallel": 3, "rate": 4.0})
    (job,) = made(host, patience=0.5).jobs
    assert (job.name, job.options.profile, job.options.patience, job.options.parallel) == ("a", "rfc793", 0.5, 3)
    assert job.options.pace is not None
    assert job.options.pace.gap == 0.25


def test_versions_of_the_file_and_of_the_command_line() -> None:
    host = Host("", "both.test", (80,), frozenset({6}))
    assert targets(made(host)) == [["[2001:db8::1]:80"]]
    assert targets(made(host, versions=(4,))) == [["192.0.2.1:80"]]


def test_one_pace_for_all_targets_of_a_host_the_slowest() -> None:
    hosts = [Host("", "192.0.2.9", (80,), settings={"rate": 2.0}), Host("", "192.0.2.9", (81,), settings={"rate": 8.0})]
    ((first, second),) = made(*hosts).lanes()
    assert first.options.pace is second.options.pace
    assert first.options.pace is not None
    assert first.options.pace.gap == 0.5


# -- the command -------------------------------------------------------------------------------------------------------


def test_several_targets_give_a_row_each_and_only_failures_in_full(
    invoke: Invoke, peer: StandIn, capsys: Captured
) -> None:
    bad = exchange("close-by-us", Verdict.FAIL, findings=(UNANSWERED,))
    peer.replies = [run(exchange(), target="192.0.2.1:80"), run(bad, target="192.0.2.1:81")]
    assert invoke("check", "192.0.2.1:80", "192.0.2.1:81", "none.test:1") == 1
    seen = capsys.readouterr()
    rows = [" ".join(line.split()) for line in seen.out.splitlines()]
    assert "192.0.2.1:80 4 followed followed followed 1 0 0 0 0 -" in rows
    assert any(
        row.startswith("192.0.2.1:81 4 followed followed followed 0 1 0 0 0 fail: close.fin-acked in") for row in rows
    )
    assert any(row.startswith("none.test - - - - - - - - - not checked: none.test cannot") for row in rows)
    assert "target 192.0.2.1:81 (IPv4), profile rfc9293" in rows
    assert "target 192.0.2.1:80 (IPv4), profile rfc9293" not in rows
    assert rows[-1] == "probe: 3 targets, 1 not checked: 1 pass, 1 fail, 0 warn, 0 inconclusive, 0 skip; exit 1"
    assert seen.err.startswith("probe: none.test cannot be found")


def test_a_file_of_hosts_is_checked(invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(
        '[[host]]\nname = "old"\naddress = "192.0.2.1"\nports = [80, 81]\nprofile = "rfc793"\nparallel = 2\n'
    )
    assert invoke("check", "--hosts", str(path), "--quiet", "--trigger", "none") == 0
    assert [(o.profile, o.parallel, o.trigger) for _, o in peer.calls] == [("rfc793", 2, "none")] * 2
    assert "old 127" not in capsys.readouterr().out
    assert invoke("check", "--hosts", str(path), "--profile", "rfc5961") == 0
    assert {o.profile for _, o in peer.calls[2:]} == {"rfc5961"}
    assert "old 192.0.2.1:80" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [("[[host]]\naddress = 'a'\nport = 70000\n", 2, "host 1 (a): port: 70000"), (None, 4, "cannot read")],
)
def test_a_bad_file_of_hosts_is_one_sentence(
    text: str | None, code: int, problem: str, invoke: Invoke, peer: StandIn, capsys: Captured, tmp_path: Path
) -> None:
    path = tmp_path / "lab.toml"
    if text is not None:
        path.write_text(text)
    assert invoke("check", "--hosts", str(path)) == code
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1
    assert peer.calls == []


@pytest.mark.parametrize("arguments", [("--jobs", "0"), ("--parallel", "0"), ("--rate", "0"), ("--rate", "x")])
def test_bounds_that_make_no_sense_are_refused(arguments: tuple[str, str], invoke: Invoke, peer: StandIn) -> None:
    assert invoke("check", "192.0.2.1:80", *arguments) == 2
    assert peer.calls == []


def test_the_bar_counts_targets_by_how_far_they_are() -> None:
    bar = FleetProgress(Progress(quiet=True), 4)
    bar.going(0, 10, 20)
    bar.going(1, 20, 20)
    bar.over(1, failed=True)
    bar.over(2, failed=False)
    assert bar.text(3.4) == "[###############---------]  62% 2 of 4 targets, 30 exchanges, 1 failed; 3 s"
