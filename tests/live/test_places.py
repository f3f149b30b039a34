"""`--netns`: the command runs in another namespace, and notices when what it visits is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probe.wire.namespace import pdeathsig

ROOT = Path(__file__).resolve().parents[2]
TARGET = """
from probe.wire.namespace import enter_private
enter_private()
from probe.target import run
run(None, 7000)
"""
QUICK = ("--no-wait", "--only", "open", "--only", "close-by-*")


@pytest.fixture
def away(private_net: None) -> Iterator[subprocess.Popen[str]]:
    """A target on loopback in a namespace of its own, which no route leads to."""
    with subprocess.Popen(
        [sys.executable, "-c", TARGET],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=pdeathsig,  # noqa: PLW1509
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("listening on ")
        yield child
        child.terminate()


def start(command: str, *arguments: object) -> subprocess.Popen[str]:
    """The command as a process of its own, in the namespace of the tests."""
    return subprocess.Popen(
        [sys.executable, "-m", "probe", command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=pdeathsig,  # noqa: PLW1509
    )


def run(command: str, *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    process = start(command, *arguments)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def result(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_target_is_not_to_be_reached_from_here(away: subprocess.Popen[str]) -> None:
    assert run("check", "127.0.0.1:7000", *QUICK)[0] == 3


@pytest.mark.parametrize("target", ["127.0.0.1:7000", "[::1]:7000"])
def test_a_check_inside_has_the_kernels_own_table(away: subprocess.Popen[str], target: str) -> None:
    code, out, err = run("check", "--netns", away.pid, target, *QUICK, "--json", "-")
    assert code == 0, err
    exchanges = result(out)["exchanges"]
    assert len(exchanges) == 5
    assert all(any(step["kernel_state"] for step in exchange["steps"]) for exchange in exchanges)


def test_the_application_is_asked_inside_too(away: subprocess.Popen[str]) -> None:
    """Its lines go out from threads, whose namespace is that of the thread that started them."""
    code, out, err = run("check", "--netns", away.pid, "127.0.0.1:7000", "--only", "active-open", "--json", "-")
    assert (code, [e["verdict"] for e in result(out)["exchanges"]]) == (0, ["pass"]), err


def test_a_fleets_workers_are_inside_too(away: subprocess.Popen[str]) -> None:
    code, out, err = run("check", "--netns", f"/proc/{away.pid}/ns/net", "127.0.0.1:7000", "[::1]:7000", *QUICK)
    assert code == 0, err
    assert "2 targets: 10 pass" in out


def test_a_matrix_inside(away: subprocess.Popen[str]) -> None:
    code, out, err = run("matrix", "--netns", away.pid, "127.0.0.1:7000", "--only", "CLOSED", "--json", "-")
    assert code == 0, err
    assert {cell["verdict"] for cell in result(out)["cells"]} == {"pass"}


def test_a_client_inside_is_listened_to(away: subprocess.Popen[str]) -> None:
    arguments = ("--netns", away.pid, 7001, "--ask", "127.0.0.1:7000", "--once")
    code, out, err = run("listen", *arguments)
    assert code == 0, err
    assert "1 pass" in out


def test_a_target_can_be_put_inside(away: subprocess.Popen[str]) -> None:
    process = start("target", "--netns", away.pid, "--port", 7100)
    assert process.stdout is not None
    assert process.stdout.readline() == "listening on 127.0.0.1:7100\n"
    assert run("check", "--netns", away.pid, "127.0.0.1:7100", *QUICK)[0] == 0
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_what_was_found_before_the_process_ended_is_kept(away: subprocess.Popen[str]) -> None:
    process = start("check", "--netns", away.pid, "127.0.0.1:7000", "--jsonl", "-", "-q")
    assert process.stdout is not None
    lines: list[dict[str, object]] = []
    while not lines or "verdict" not in lines[-1]:  # the first result: it is under way
        lines.append(json.loads(process.stdout.readline()))
    away.kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert f"probe: process {away.pid} ended during the run" in err
    lines += [json.loads(line) for line in out.splitlines()]
    verdicts = [line["verdict"] for line in lines if "verdict" in line]
    assert {"pass", "inconclusive"} <= set(verdicts) <= {"pass", "inconclusive", "skip"}


def test_listening_ends_with_the_process_though_nobody_connects(away: subprocess.Popen[str]) -> None:
    process = start("listen", "--netns", away.pid, 7002)
    assert process.stderr is not None
    assert "waiting for a client" in process.stderr.readline()
    away.kill()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err.splitlines()[-1].partition(" during")[0]) == (4, f"probe: process {away.pid} ended")
    assert out.splitlines()[-1] == "probe: 0 pass, 0 fail, 0 warn, 13 inconclusive, 0 skip; exit 4"


def test_a_target_put_inside_ends_with_the_process(away: subprocess.Popen[str]) -> None:
    process = start("target", "--netns", away.pid, "--port", 7101)
    assert process.stdout is not None
    assert process.stdout.readline() == "listening on 127.0.0.1:7101\n"
    away.kill()
    err = process.communicate(timeout=30)[1]
    assert process.returncode == 4
    assert err == f"probe: process {away.pid} ended, and nobody reaches this listener any more: start both again\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--netns", "no-such", "127.0.0.1:1"), 4, "there is no network namespace no-such"),
        (("--netns", 2**22 + 1, "127.0.0.1:1"), 4, "there is no process 4194305"),
        (("--netns", "1"), 2, "--netns needs a TARGET"),
        (("--netns", "", "127.0.0.1:1"), 2, "not an empty text"),
        (("--netns", "1", "--container", "x", "127.0.0.1:1"), 2, "name two places"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(
    private_net: None, arguments: tuple[object, ...], code: int, sentence: str
) -> None:
    found, out, err = run("check", *arguments)
    assert (found, out) == (code, "")
    assert sentence in err
