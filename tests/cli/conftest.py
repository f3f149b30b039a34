"""The command line as a user calls it, with the session played by a stand-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from probe import cli
from probe.live import check as live
from probe.live.options import CheckOptions
from probe.results.verdict import Run, Verdict
from probe.spec.segment import Endpoint
from tests.reports.records import exchange, run

Invoke = Callable[..., int]


@dataclass
class StandIn:
    """Plays ``probe.live.check.check``: notes its calls and gives out, in turn, what it was told to."""

    replies: list[Run | Exception] = field(default_factory=list)
    calls: list[tuple[Endpoint, CheckOptions]] = field(default_factory=list)

    def check(self, target: Endpoint, options: CheckOptions) -> Run:
        self.calls.append((target, options))
        reply = self.replies.pop(0) if self.replies else run(exchange(), target=str(target), version=target.version)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def answers(self, verdict: Verdict) -> None:
        """The next check gives one exchange of this verdict."""
        self.replies.append(run(exchange(verdict=verdict)))


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setattr(live, "check", stand_in.check)
    return stand_in


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run ``probe`` with these arguments; its exit code. What it printed is in ``capsys``."""
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str) -> int:
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        assert isinstance(left.value.code, int)
        return left.value.code

    return call
