"""`probe listen`: what reaches the session, and what makes no sense is one sentence."""

from __future__ import annotations

import pytest

from probe.live.options import ListenOptions
from probe.results.verdict import Run
from tests.cli.conftest import Invoke
from tests.reports.records import exchange, run

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ListenOptions]]:
    """What the session was asked; it answers with one exchange that passed."""
    calls: list[tuple[int, ListenOptions]] = []

    def stand_in(port: int, options: ListenOptions) -> Run:
        calls.append((port, options))
        return run(exchange("active-open"))

    monkeypatch.setattr("probe.cli.run.listen.run_listen", stand_in)
    return calls


def test_options_reach_the_session(invoke: Invoke, asked: list[tuple[int, ListenOptions]]) -> None:
    asking = ("--ask", "[::1]:7", "--from", "2001:DB8:0::1", "--exchange", "active-open*", "--count", "3")
    assert invoke("listen", "http", *asking) == 0
    ((port, options),) = asked
    assert (port, options.client, options.count, options.versions) == (80, "2001:db8::1", 3, (6,))
    assert options.ask is not None
    assert options.only == ("active-open", "active-open-data")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("http2",), "nor the name of a service"),
        (("0",), "no TCP port"),
        (("80", "--trigger", r"\x4"), "backslashes"),
        (("80", "--patience", "nan"), "finite"),
        (("80", "--deadline", "inf"), "finite"),
        (("80", "--once", "--count", "2"), "leave out --count"),
        (("80", "--from", "here"), "'here' is no address"),
        (("80", "--from", "::1", "-4"), "--from ::1 is an IPv6 address: leave out -4"),
        (("80", "--source", "127.0.0.1", "-6"), "--source 127.0.0.1 is an IPv4 address: leave out -6"),
        (("80", "--ask", "here"), "has no port"),
        (("80", "--exchange", "active-opne"), "did you mean active-open"),
    ],
)
def test_wrong_usage_is_refused(
    arguments: tuple[str, ...],
    problem: str,
    invoke: Invoke,
    asked: list[tuple[int, ListenOptions]],
    capsys: Captured,
) -> None:
    assert invoke("listen", *arguments) == 2
    assert problem in " ".join(capsys.readouterr().err.split())
    assert asked == []
