"""The options our own segments carry: what the step says, else MSS on a SYN, timestamps where they were negotiated."""

from __future__ import annotations

from probe.engine.endpoint import Tester
from probe.scenarios.steps import Send
from probe.spec.segment import EOL, NOP, RST, SYN, TIMESTAMPS, Option


def options_of(tester: Tester, flags: int, usual: tuple[Option, ...], step: Send | None = None) -> tuple[Option, ...]:
    """What the step says, else ``usual`` on a SYN, and timestamps where they were negotiated (RFC 7323 section 3.2)."""
    given = None if step is None else step.options
    offset = None if step is None else step.stamp
    if offset is None and given is None and tester.stamps and not flags & (SYN | RST):
        offset = 0
    if given is None:
        given = usual if flags & SYN else ()
    if offset is None:
        return given
    value, echo = tester.stamp(offset)
    stamps = Option(TIMESTAMPS, value.to_bytes(4, "big") + echo.to_bytes(4, "big"))
    return (*given, *[Option(NOP)] * (-sum(map(octets, (*given, stamps))) % 4), stamps)


def octets(option: Option) -> int:
    """What an option takes of the header."""
    return 1 if option.kind in (EOL, NOP) else len(option.data) + 2
