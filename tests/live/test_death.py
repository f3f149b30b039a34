"""Peers that die of a segment: hang, abort with their interface, come back; what was shown stays shown."""

from __future__ import annotations

from collections.abc import Callable

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Run, Verdict, Why
from probe.spec.segment import SYN, Segment
from probe.wire.decode import Decoded, unpack
from tests.zoo.tun import serving, straight

Lethal = Callable[[Segment], bool]


def illegal(segment: Segment) -> bool:
    """An option of impossible length."""
    return any(option.fault for option in segment.options)


def text(segment: Segment) -> bool:
    """Ordinary text."""
    return bool(segment.length) and not segment.flags & SYN


class Deadly:
    """A wire whose host is gone, timers and all, once a lethal segment has reached it."""

    def __init__(self, lethal: Lethal, *, aborts: bool = False) -> None:
        self.lethal, self.aborts, self.dead = lethal, aborts, False

    def __call__(self, packet: bytes, to_host: bool, now: float) -> list[tuple[float, bytes]]:
        if to_host and not self.dead:
            found = unpack(packet)
            self.dead = isinstance(found, Decoded) and self.lethal(found.segment)
            if self.dead and self.aborts:
                raise SystemExit
        return [] if self.dead else straight(packet, to_host, now)


def of(run: Run, word: Verdict) -> list[str]:
    return [e.id for e in run.exchanges if e.verdict is word]


def test_a_hang_is_the_finding_of_the_exchange_that_caused_it() -> None:
    with serving(wire=Deadly(illegal)) as endpoints:
        run = check(endpoints[4], CheckOptions(waits=False))
    assert of(run, Verdict.FAIL) == ["options-illegal"], run.warnings
    (found,) = next(e for e in run.exchanges if e.id == "options-illegal").findings
    assert found.rule == "opt.illegal-length"
    assert "option 2: length 0" in found.sent
    assert len(of(run, Verdict.PASS)) > 90
    assert {e.why for e in run.exchanges if e.verdict is Verdict.INCONCLUSIVE} == {Why.DIED}
    assert sum("answers no longer" in w for w in run.warnings) == 1
