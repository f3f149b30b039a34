"""`probe doctor`: what works, what is missing, and the command that mends it."""

from __future__ import annotations

import pytest

from probe.cli.run import doctor
from probe.cli.run.doctor import Finding, State, interface_findings, try_line
from probe.engine.play.knock import Answer
from probe.live.preflight import Survey
from probe.wire.errors import WireError
from probe.wire.namespace import BarredError
from tests.cli.conftest import Invoke

Captured = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
FORBIDDEN = BarredError("cannot make a private network namespace", "kernel.unprivileged_userns_clone=1")


def machine(patch: Patch, *, capable: bool, forbidden: BarredError | None, works: bool = True) -> list[bool]:
    """A machine with these rights; the list notes whether the line was tried in private."""
    tried: list[bool] = []

    def line(version: int, *, private: bool) -> list[Finding]:
        tried.append(private)
        return [Finding(f"guard IPv{version}", State.WORKS if works else State.MISSING, "as tried")]

    patch.setattr(doctor, "_capable", lambda: capable)
    patch.setattr(doctor, "private_possible", lambda: forbidden)
    patch.setattr(doctor, "try_line", line)
    patch.setattr(doctor, "survey", lambda target, options: Survey(Answer.OPEN, "SYN,ACK after 1 ms", "http", "port 1"))
    return tried


def test_with_the_right_it_works_here(invoke: Invoke, capsys: Captured, monkeypatch: Patch) -> None:
    tried = machine(monkeypatch, capable=True, forbidden=FORBIDDEN)
    assert invoke("doctor") == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "probe: probing works here, IPv4 and IPv6"
    assert "sudo sysctl kernel.unprivileged_userns_clone=1" in out
    assert tried == [False, False]


def test_without_the_right_the_lab_still_works(invoke: Invoke, capsys: Captured, monkeypatch: Patch) -> None:
    tried = machine(monkeypatch, capable=False, forbidden=None)
    assert invoke("doctor") == 0
    out = capsys.readouterr().out
    assert "the lab works here" in out
    assert "to mend CAP_NET_RAW:" in out
    assert tried == [True, True]


def test_without_the_right_another_host_cannot_be_probed(invoke: Invoke, monkeypatch: Patch) -> None:
    machine(monkeypatch, capable=False, forbidden=None)
    assert invoke("doctor", "127.0.0.1:80") == 4


def test_with_neither_nothing_works(invoke: Invoke, capsys: Captured, monkeypatch: Patch) -> None:
    tried = machine(monkeypatch, capable=False, forbidden=FORBIDDEN)
    assert invoke("doctor") == 4
    assert "neither raw sockets nor private namespaces" in capsys.readouterr().out
    assert tried == []


def test_a_broken_loopback_is_an_environment_error(invoke: Invoke, monkeypatch: Patch) -> None:
    machine(monkeypatch, capable=True, forbidden=None, works=False)
    assert invoke("doctor") == 4


def test_the_way_to_a_target_is_shown(invoke: Invoke, capsys: Captured, monkeypatch: Patch) -> None:
    machine(monkeypatch, capable=True, forbidden=None)
    assert invoke("doctor", "127.0.0.1:80") == 0
    out = capsys.readouterr().out
    assert "through lo from 127.0.0.1 (this host itself)" in out
    assert "checksum offload lo" in out
    assert "SYN,ACK after 1 ms" in out
    assert "http" in out


def test_a_target_that_refuses_is_said(invoke: Invoke, capsys: Captured, monkeypatch: Patch) -> None:
    machine(monkeypatch, capable=True, forbidden=None)
    refused = Survey(Answer.REFUSED, "127.0.0.1:80 refuses connections (RST)")
    monkeypatch.setattr(doctor, "survey", lambda target, options: refused)
    assert invoke("doctor", "127.0.0.1:80") == 3
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "probe: probing works here, IPv4 and IPv6; 127.0.0.1:80 refuses connections (RST)"


def test_no_way_to_a_target(invoke: Invoke, capsys: Captured, monkeypatch: Patch) -> None:
    machine(monkeypatch, capable=True, forbidden=None)

    def lost(remote: str, *, interface: str | None = None) -> None:
        del interface
        raise WireError(f"there is no route to {remote}")

    monkeypatch.setattr(doctor, "find_route", lost)
    assert invoke("doctor", "192.0.2.1:80") == 4
    out = capsys.readouterr().out
    assert "there is no route to 192.0.2.1" in out
    assert "ip route get 192.0.2.1" in out


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        (["user.max_net_namespaces=10000"], "sudo sysctl user.max_net_namespaces=10000"),
        (["kernel.a=0", "kernel.b=1"], "sudo sysctl kernel.a=0 kernel.b=1"),
        ([], "sudo $(command -v probe) check"),
    ],
)
def test_the_mend_follows_the_bar(
    settings: list[str], mend: str, invoke: Invoke, capsys: Captured, monkeypatch: Patch
) -> None:
    machine(monkeypatch, capable=True, forbidden=BarredError("not here", *settings))
    assert invoke("doctor") == 0
    assert f"to mend private namespace:\n  {mend}\n" in capsys.readouterr().out


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the child of a test worker only does this
@pytest.mark.parametrize("version", [4, 6])
def test_the_line_of_this_machine_works_in_private(version: int) -> None:
    line = try_line(version, private=True)
    if line[0].what == "private namespace":
        pytest.skip(line[0].detail)
    assert all(finding.state is not State.MISSING for finding in line), line
    assert {f"loopback IPv{version}", f"guard IPv{version}"} <= {f.what for f in line}


def test_loopback_is_up() -> None:
    up, offload = interface_findings("lo")
    assert up.state is State.WORKS
    assert offload.state is not State.MISSING
