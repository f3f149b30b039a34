"""The group: help that answers at once, exit codes, and a reader that goes away."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probe import __version__
from probe.cli import COMMANDS
from probe.results.verdict import Verdict
from tests.cli.conftest import Invoke, StandIn

Captured = pytest.CaptureFixture[str]


def test_help_names_commands_and_exit_codes(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("--help") == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert "130  interrupted" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_needs_nothing_heavy_for_it(name: str) -> None:
    code = (
        "import sys, probe.cli\n"
        "try: probe.cli.main(sys.argv[1:])\n"
        "except SystemExit as left: assert not left.code\n"
        "print(sorted({'scapy', 'numpy', 'pyroute2', 'tabulate'} & set(sys.modules)))"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, name, "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith(f"Usage: probe {name}")
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - began < 5  # 0.06 s on an idle machine; what costs is what is imported


def test_version(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("--version") == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "hint"), [(("chek",), "did you mean check"), (("zzz",), "there are check"), (("--nope",), "--nope")]
)
def test_unknown_commands_and_options(arguments: tuple[str, ...], hint: str, invoke: Invoke, capsys: Captured) -> None:
    assert invoke(*arguments) == 2
    assert hint in capsys.readouterr().err


def test_a_target_that_makes_no_sense_is_a_usage_error(invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    assert invoke("check", "nowhere") == 2
    assert capsys.readouterr().err.startswith("probe: 'nowhere' has no port")
    assert peer.calls == []


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(  # noqa: S602  # a pipe is what is tested
        f"'{sys.executable}' -m probe list --json | head -c 1; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "{0\n"
    assert done.stderr == ""


def test_a_reader_that_goes_away_does_not_change_the_verdict(
    invoke: Invoke, peer: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    silenced: list[bool] = []
    monkeypatch.setattr("probe.cli.output.terminal.nobody_reads", lambda: silenced.append(True))
    monkeypatch.setattr(sys, "stdout", Gone())
    peer.answers(Verdict.FAIL)
    assert invoke("check", "127.0.0.1:80") == 1
    assert silenced == [True]


@pytest.mark.parametrize("arguments", [("list",), ("explain", "open"), ("--help",), ("target", "--port", "0")])
def test_standard_output_that_has_no_room_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="ascii") as full:
        done = subprocess.run(
            [sys.executable, "-m", "probe", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert done.stderr.startswith("probe: cannot write standard output (no space left on device); ")


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.FAIL, 1), (Verdict.PASS, 4)])
def test_a_violation_outweighs_standard_output_without_room(
    verdict: Verdict, code: int, invoke: Invoke, peer: StandIn, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.setattr("probe.cli.output.terminal.nobody_reads", lambda: None)
    peer.answers(verdict)
    assert invoke("check", "127.0.0.1:80") == code
    assert "probe: cannot write standard output" in capsys.readouterr().err


def test_closed_streams_are_streams_that_nobody_reads() -> None:
    assert subprocess.call(["/bin/sh", "-c", '"$0" -m probe list >&- 2>&-', sys.executable], timeout=60) == 0


def test_a_crash_of_ours_does_not_look_like_a_violation(
    invoke: Invoke, peer: StandIn, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python leaves with 1 for an exception, and 1 says that the peer violates a MUST."""
    peer.replies = [ZeroDivisionError("ours")]
    assert invoke("check", "127.0.0.1:80") == 4
    err = capsys.readouterr().err
    assert "ZeroDivisionError: ours" in err
    assert err.splitlines()[-1].startswith("probe: this is a fault of probe itself")


def test_a_package_that_cannot_be_loaded_is_one_sentence(invoke: Invoke, peer: StandIn, capsys: Captured) -> None:
    """As NumPy says it where a library is missing: a page of advice, raised from the cause."""
    advice = ImportError("IMPORTANT\n\nread this")
    advice.__cause__ = ImportError("libstdc++.so.6: cannot open shared object file")
    peer.replies = [advice]
    assert invoke("check", "127.0.0.1:80") == 4
    reason = "libstdc++.so.6: cannot open shared object file"
    err = capsys.readouterr().err
    assert err == f"probe: a package that probe needs cannot be loaded ({reason}): install what is missing\n"
