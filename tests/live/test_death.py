"""Peers that die of a segment: hang, abort with their interface, come back; what was shown stays shown."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import ExchangeResult, Run, Verdict, Why
from probe.spec.segment import SYN, Segment
from probe.wire.decode import Decoded, unpack
from tests.live.test_check import free_port, server
from tests.live.test_recorded import assert_alike, saved
from tests.zoo.tun import serving, straight

ROOT = Path(__file__).resolve().parents[2]
REBOOT = 1.0
"""Seconds a host takes after its button was pressed."""
Lethal = Callable[[Segment], bool]


def illegal(segment: Segment) -> bool:
    """An option of impossible length."""
    return any(option.fault for option in segment.options)


def text(segment: Segment) -> bool:
    """Ordinary text."""
    return bool(segment.length) and not segment.flags & SYN


class Deadly:
    """A wire whose host is gone, timers and all, once a lethal segment has reached it: for so many ``seconds``,
    or until so long after the file ``button`` was made, then with another ``hop_limit``.
    """

    def __init__(
        self,
        lethal: Lethal,
        *,
        aborts: bool = False,
        seconds: float = math.inf,
        button: Path | None = None,
        hop_limit: int | None = None,
    ) -> None:
        self.lethal, self.aborts, self.seconds, self.button = lethal, aborts, seconds, button
        self.hop_limit, self.changed = hop_limit, False
        self.until = -math.inf

    def __call__(self, packet: bytes, to_host: bool, now: float) -> list[tuple[float, bytes]]:
        if self.button is not None and self.button.exists():
            self.button.unlink()
            self.until, self.changed = now + REBOOT, self.hop_limit is not None
        if to_host and now > self.until:
            found = unpack(packet)
            if isinstance(found, Decoded) and self.lethal(found.segment):
                self.until = now + self.seconds
                if self.aborts:
                    raise SystemExit
        if self.changed and not to_host and self.hop_limit is not None:  # of IPv6, whose header has no checksum
            packet = packet[:7] + bytes([self.hop_limit]) + packet[8:]
        return [] if now <= self.until else straight(packet, to_host, now)


def of(run: Run, word: Verdict) -> list[str]:
    return [e.id for e in run.exchanges if e.verdict is word]


def result(run: Run, exchange: str) -> ExchangeResult:
    return next(e for e in run.exchanges if e.id == exchange)


def test_a_hang_is_the_finding_of_the_exchange_that_caused_it(tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    with serving(wire=Deadly(illegal)) as endpoints:
        run = saved(path, endpoints[4], CheckOptions(waits=False))
    assert of(run, Verdict.FAIL) == ["options-illegal"], run.warnings
    (found,) = result(run, "options-illegal").findings
    assert found.rule == "opt.illegal-length"
    assert found.sent.startswith("S seq 100000 (option 2: length 0)")
    assert len(of(run, Verdict.PASS)) > 90
    assert [(e.id, e.why) for e in run.exchanges if e.verdict is Verdict.INCONCLUSIVE] == [
        ("options-illegal-data", Why.DIED)
    ]
    assert sum("answers no longer" in w for w in run.warnings) == 1
    assert_alike(path, run)


def test_a_stack_that_aborts_with_its_interface_is_suspected_and_nothing_of_it_passes() -> None:
    with serving(wire=Deadly(illegal, aborts=True)) as endpoints:
        run = check(endpoints[4], CheckOptions(only=("open", "options-illegal*")))
    assert of(run, Verdict.PASS) == ["open"]
    assert of(run, Verdict.INCONCLUSIVE) == ["options-illegal", "options-illegal-data"]
    assert run.trouble
    assert "there is no way to the peer any more since options-illegal was played" in run.warnings[0]


def test_what_ended_a_peer_that_ordinary_text_ends_is_told_and_nobody_accused() -> None:
    """It cannot be told from a plug that was pulled, unless it comes again (--revive)."""
    with serving(wire=Deadly(text)) as endpoints:
        run = check(endpoints[4], CheckOptions(waits=False, patience=0.3))
    assert of(run, Verdict.FAIL) == of(run, Verdict.WARN) == []
    assert "P. seq 1 ack 1 len" in run.warnings[0]
    assert Why.DIED in {e.why for e in run.exchanges}


def test_a_peer_that_falls_silent_for_a_moment_is_judged_on() -> None:
    with serving(wire=Deadly(illegal, seconds=1.5)) as endpoints:
        run = check(endpoints[4], CheckOptions(only=("open", "options-*", "close-by-us")))
    assert Why.DIED not in {e.why for e in run.exchanges}
    assert of(run, Verdict.PASS)[:2] == ["open", "close-by-us"]


@pytest.mark.parametrize(
    ("lethal", "exchange", "rule", "named"),
    [
        (illegal, "options-illegal", "opt.illegal-length", "S seq 100000 (option 2: length 0)"),
        (text, "options-illegal-data", "stack.survives", "P. seq 1 ack 1 len 10"),
    ],
)
def test_what_ends_a_stack_is_named_once_it_came_again(
    tmp_path: Path, lethal: Lethal, exchange: str, rule: str, named: str
) -> None:
    button, path = tmp_path / "button", tmp_path / "run.pcapng"
    only = ("open", "options-illegal*", "refused", "listen-rst")
    options = CheckOptions(only=only, patience=0.4, revive=f"touch {button}")
    with serving(wire=Deadly(lethal, button=button)) as endpoints:
        run = saved(path, endpoints[4], options)
    assert exchange in of(run, Verdict.FAIL)
    (found,) = result(run, exchange).findings
    assert (found.rule, found.sent[: len(named)]) == (rule, named)
    assert any(f"this segment ends the stack, 2 of 2: {named}" in warning for warning in run.warnings)
    assert {"open", "refused", "listen-rst"} <= set(of(run, Verdict.PASS))
    assert of(run, Verdict.INCONCLUSIVE) == []
    assert_alike(path, run)


def test_a_peer_that_does_not_come_back_costs_no_result(tmp_path: Path) -> None:
    with serving(wire=Deadly(illegal)) as endpoints:
        run = check(endpoints[4], CheckOptions(only=("open", "options-illegal"), revive="echo no relay; exit 3"))
    assert of(run, Verdict.PASS) == ["open"]
    assert of(run, Verdict.FAIL) == ["options-illegal"]
    assert run.trouble == "--revive failed (exit code 3): echo no relay; exit 3: no relay"


LEAVES = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
for _ in range(30):
    server.accept()[0].close()
"""


def test_a_server_that_has_gone_is_no_fault_of_the_stack(private_net: None) -> None:
    port = free_port()
    with server([sys.executable, "-c", LEAVES, str(port)], port) as endpoint:
        run = check(endpoint, CheckOptions(waits=False))
    assert of(run, Verdict.FAIL) == of(run, Verdict.WARN) == []
    assert "nothing listens on the port any more since" in run.warnings[0]


def test_another_stack_that_comes_back_is_told_and_not_mixed_in(tmp_path: Path) -> None:
    button = tmp_path / "button"
    options = CheckOptions(only=("open", "options-illegal*"), patience=0.4, revive=f"touch {button}")
    with serving(wire=Deadly(illegal, button=button, hop_limit=128)) as endpoints:
        run = check(endpoints[6], options)
    assert of(run, Verdict.PASS) == ["open"]
    assert of(run, Verdict.FAIL) == ["options-illegal"]
    assert result(run, "options-illegal-data").why is Why.DIED
    assert any("another stack came back (its hop limit, 64 before and 128 now)" in w for w in run.warnings)


AGAIN = """
import signal
from tests.live.test_death import Deadly, illegal
from tests.zoo.tun import serving
with serving(wire=Deadly(illegal, aborts=True)):
    signal.pause()
"""


def test_a_stack_that_aborts_with_its_interface_is_started_again_and_named(tmp_path: Path) -> None:
    """Its device is another one every time: the line to it is opened anew."""
    code, path = tmp_path / "again.py", tmp_path / "run.pcapng"
    code.write_text(AGAIN)
    command = f"PYTHONPATH={ROOT} timeout 40 {sys.executable} {code} >/dev/null 2>&1 &"
    with serving(wire=Deadly(illegal, aborts=True)) as endpoints:
        run = saved(path, endpoints[4], CheckOptions(only=("open", "options-illegal", "reserved-bits"), revive=command))
    assert of(run, Verdict.PASS) == ["open", "reserved-bits"]
    (found,) = result(run, "options-illegal").findings
    assert found.sent == "S seq 100000 (option 2: length 0)"
    assert found.came.endswith("this segment ends the stack, 2 of 2")
    assert run.trouble == ""
    assert_alike(path, run)
