"""Why a connection of a capture ended, or did not: a closed vocabulary, each word with its clause in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from probe.spec.segment import Endpoint


class End(StrEnum):
    """One end of a connection, or both, or none that can be named."""

    CLIENT = "client"
    SERVER = "server"
    BOTH = "both"
    UNKNOWN = ""

    @property
    def other(self) -> End:
        """The end that faces it."""
        return {End.CLIENT: End.SERVER, End.SERVER: End.CLIENT}.get(self, self)


class Cause(StrEnum):
    """What the segments of a connection leave as the reason for how it ended; `ABOUT` says what each means."""

    CLOSED = "closed"
    CLOSED_TOGETHER = "closed at once"
    CLOSED_IDLE = "closed when idle"
    OPEN = "still open"
    NOT_TOLD = "not told"
    UNANSWERED = "SYN unanswered"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TOO_BIG = "too big for the path"
    NOT_COMPLETED = "handshake not completed"
    NOT_TAKEN = "handshake not taken"
    BAD_SYN_ACK = "unacceptable SYN,ACK"
    BAD_SYN = "unacceptable SYN"
    ABORTED = "aborted"
    RESET_IDLE = "reset when idle"
    UNREAD = "unread data at close"
    CLOSED_END = "data to a closed end"
    NO_CONNECTION = "no such connection"
    FORGOTTEN = "forgotten in between"
    FOREIGN_RESET = "reset by another"
    UNKNOWN_IDLE = "unknown after silence"
    UNHEARD = "no longer answered"
    UNHEARD_IDLE = "not answered after silence"
    GAVE_UP = "given up"
    KEEP_ALIVE = "keep-alive failed"
    WINDOW_CLOSED = "window stays closed"
    NEVER_CLOSED = "never closed"
    PORT_REUSED = "port reused"


@dataclass(frozen=True, slots=True)
class About:
    """One cause: its clause of RFC 9293, and a sentence about ``{by}``, the end that it is laid to.

    Of ``trouble`` a summary tells.
    """

    clause: str
    text: str
    trouble: bool = True


ABOUT = {
    Cause.CLOSED: About("3.6 case 1", "{by} closed first", trouble=False),
    Cause.CLOSED_TOGETHER: About("3.6 case 3", "{by} closed without knowing of the other's FIN", trouble=False),
    Cause.CLOSED_IDLE: About("3.6 case 1", "{by} closed it when idle", trouble=False),
    Cause.OPEN: About("3.3.2", "still open when last seen", trouble=False),
    Cause.NOT_TOLD: About("3.3.2", "the record lacks the segments that would tell", trouble=False),
    Cause.UNANSWERED: About("3.8.3", "{by} did not answer the SYN: a filter, a full backlog, or no host"),
    Cause.REFUSED: About("3.5.2 group 1", "{by} refused the SYN: nothing listens on the port, or a filter says so"),
    Cause.UNREACHABLE: About("3.9.2.2", "{by} cannot be reached, says an ICMP error in the file"),
    Cause.TOO_BIG: About("3.7.2", "segments to {by} are too big for the path, says an ICMP error in the file"),
    Cause.NOT_COMPLETED: About(
        "3.5", "{by} did not acknowledge the SYN,ACK: a scan, a false address, or a path that is open in one direction"
    ),
    Cause.NOT_TAKEN: About(
        "3.5", "{by} did not take the connection it had answered: a full backlog, or a path that loses what it is sent"
    ),
    Cause.BAD_SYN_ACK: About("3.10.7.3", "{by} sent a SYN,ACK that acknowledges none of the SYNs"),
    Cause.BAD_SYN: About("3.10.7.4 fourth", "{by} reset it because a SYN came in the open connection"),
    Cause.ABORTED: About("3.10.5", "the application of {by} aborted it"),
    Cause.RESET_IDLE: About("3.10.5", "{by} reset it when idle"),
    Cause.UNREAD: About("3.6.1 (SHLD-3)", "{by} closed it with received data unread"),
    Cause.CLOSED_END: About("3.6.1 (SHLD-3)", "{by} had closed, and reset it when data came"),
    Cause.NO_CONNECTION: About("3.10.7.1", "{by} knew no such connection: restarted, or it had given it up"),
    Cause.FORGOTTEN: About(
        "3.10.7.1", "what was sent was lost, then reset by {by}: something in between forgot it, or that end did"
    ),
    Cause.UNKNOWN_IDLE: About(
        "3.10.7.1", "spoken to after a silence, {by} reset it: something in between forgot it, or that end did"
    ),
    Cause.FOREIGN_RESET: About("3.5.2", "a RST came in the name of {by}, which went on: another sent it"),
    Cause.UNHEARD: About("3.8.3 (R1)", "{by} repeats a segment that is not answered"),
    Cause.UNHEARD_IDLE: About(
        "3.8.3",
        "{by} spoke after a silence and heard no answer: something in between forgot it, or the other end is gone",
    ),
    Cause.GAVE_UP: About("3.8.3 (R2)", "{by} repeated a segment that was not answered, and gave up"),
    Cause.KEEP_ALIVE: About("3.8.4", "{by} gave up as its keep-alives were not answered"),
    Cause.WINDOW_CLOSED: About("3.8.6.1", "{by} keeps its window closed: its application does not read"),
    Cause.NEVER_CLOSED: About("3.6 case 2", "{by} received a FIN and sent none, left in CLOSE-WAIT: it never closed"),
    Cause.PORT_REUSED: About("3.4.3", "{by} used the ports for another connection before it was closed"),
}
"""The one table of causes."""


@dataclass(frozen=True, slots=True)
class Caused:
    """One cause that remains, the end it is laid to, and its figures.

    ``times``: how often the segment was sent that it speaks of, 0 where it speaks of none. ``idle``: seconds of silence
    before the close, where it speaks of that.
    """

    cause: Cause
    by: End = End.UNKNOWN
    times: int = 0
    idle: float | None = None

    @property
    def trouble(self) -> bool:
        """Whether a summary tells of it."""
        return ABOUT[self.cause].trouble

    @property
    def text(self) -> str:
        """A part of a sentence."""
        by = {End.BOTH: "both ends", End.UNKNOWN: "one end"}.get(self.by, f"the {self.by}")
        told = ABOUT[self.cause].text.format(by=by)
        told += f" (sent {self.times:,} times)" if self.times > 1 else ""
        return told + ("" if self.idle is None else f" (after {self.idle:.1f} s of silence)")


def either(causes: Sequence[Caused]) -> str:
    """All that remain, in the middle of a sentence; empty without any."""
    return "; or ".join(one.text for one in causes)


def sentence(causes: Sequence[Caused]) -> str:
    """The same as a sentence."""
    told = either(causes)
    return told[:1].upper() + told[1:]


Kind = tuple[tuple[Cause, End], ...]
"""What makes connections alike in their trouble: the causes that remain of each, with the ends they are laid to."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Connections to one server that ended badly in the same way.

    ``server`` with an empty address: too many servers to tell apart; with port 0: too many ports of one address.
    ``of`` are all connections to it, 0 where that is not known, of which it ``answered`` so many by a SYN,ACK.
    ``first`` and ``last`` are when the earliest began and the last one spoke, in seconds; the connection ``index`` of
    ``file`` is the first of them.
    """

    server: Endpoint
    kind: Kind
    count: int
    of: int
    answered: int
    first: float
    last: float
    file: str
    index: int

    @property
    def causes(self) -> tuple[Caused, ...]:
        """The causes without figures, which differ from connection to connection."""
        return tuple(Caused(cause, by) for cause, by in self.kind)
