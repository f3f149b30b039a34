"""What replay finds out about one connection of a capture: plain frozen records, the only thing reports know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest

from probe.results.artefacts import Artefact, Suspicion
from probe.results.ending import Caused, Trouble
from probe.results.exit_codes import ExitCode, heaviest
from probe.results.matrix import MatrixReport
from probe.results.timeline import NO_TIMELINE, Timeline
from probe.results.verdict import Expected, Finding, Known, Report, Verdict, Why, WithNews, exit_code, worst
from probe.spec.icmp import Icmp
from probe.spec.segment import Endpoint, Segment


class Opener(StrEnum):
    """Whose SYN without ACK is in the record: the client's, both ends', nobody's."""

    CLIENT = "client"
    SIMULTANEOUS = "simultaneous"
    MID_STREAM = "mid-stream"


class Handshake(StrEnum):
    """How the connection was opened; ``probe.replay.flow.outcome`` says when each holds."""

    FOLLOWED = "followed"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    INCOMPLETE = "incomplete"
    VIOLATED = "violated"
    NOT_SEEN = "not seen"


class Close(StrEnum):
    """How the connection was closed; ``probe.replay.flow.outcome`` says when each holds."""

    FOUR_WAY = "four-way"
    THREE_SEGMENT = "three-segment"
    SIMULTANEOUS = "simultaneous"
    RESET_BY_CLIENT = "reset by client"
    RESET_BY_SERVER = "reset by server"
    INCOMPLETE = "incomplete"
    NONE = "none"


class Evidence(StrEnum):
    """How complete the record of a connection is."""

    COMPLETE = "complete"
    MID_CONNECTION = "starts in mid-connection"
    ONE_DIRECTION = "one direction only"
    MISSING = "segments are missing"
    UNJUDGED = "not judged to the end"


class Oddity(StrEnum):
    """What is strange in a connection and no finding; ``ODDITIES`` says what each is."""

    EARLY_TEXT = "early-text"
    GOES_ON_AFTER_RST = "goes-on-after-rst"
    OLD_TIMESTAMP = "old-timestamp"
    OTHER_TEXT = "other-text"
    WINDOW_SHRINKS = "window-shrinks"


ODDITIES = {
    Oddity.EARLY_TEXT: (
        "the server sends text before the client acknowledged its SYN,ACK: Fast Open, or someone else's text",
        "RFC 9293 3.10.7.4 fifth; RFC 7413",
    ),
    Oddity.GOES_ON_AFTER_RST: (
        "an end goes on after a RST of its own: someone else may have sent that",
        "RFC 9293 3.10.5; RFC 5961 3",
    ),
    Oddity.OLD_TIMESTAMP: ("a new segment has an older TSval than the one before", "RFC 7323 5.3"),
    Oddity.OTHER_TEXT: ("octets sent again differ from those sent before", "RFC 9293 3.4; 3.8.1"),
    Oddity.WINDOW_SHRINKS: ("the right edge of a window moves to the left", "RFC 9293 3.8.6 (SHLD-14)"),
}
"""What each oddity is, and the clause it is about."""
IN_FULL = frozenset({Oddity.OLD_TIMESTAMP, Oddity.OTHER_TEXT, Oddity.WINDOW_SHRINKS})
"""Oddities that only a look at every packet shows."""


@dataclass(frozen=True, slots=True)
class OddPacket:
    """An oddity, and the number of the packet that shows it first."""

    kind: Oddity
    packet: int


@dataclass(frozen=True, slots=True)
class Packet:
    """One segment of a connection: packet number in its file, seconds since the epoch, who sent it.

    ``from_client``: the client is the end that opened, or, where the start was not seen, the end that sent the first
    segment captured (see ``Connection.opener``).
    """

    number: int
    time: float
    from_client: bool
    segment: Segment


@dataclass(frozen=True, slots=True)
class StateStep:
    """From packet ``packet`` on, the end is known to be in ``state`` (an RFC name)."""

    state: str
    packet: int


@dataclass(frozen=True, slots=True)
class IcmpReport:
    """An ICMP error that quotes a segment, of the client or else of the server.

    ``packet`` and ``time`` (seconds since 1970) are told only where the connection was asked for alone; else 0.
    """

    icmp: Icmp
    about_client: bool
    packet: int = 0
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the judgment of a connection stopped before its ``last`` packet: ``packet`` is the last one that counts.

    Both are packet numbers of the file.
    """

    packet: int
    last: int
    why: Why


@dataclass(frozen=True, slots=True)
class Connection(WithNews):
    """One connection and its verdict.

    ``rtt``: seconds between SYN and SYN,ACK plus SYN,ACK and ACK, as far as seen.
    ``completeness`` is Wireshark's number (1 SYN, 2 SYN-ACK, 4 ACK, 8 DATA, 16 FIN, 32 RST), ``conn_state`` and
    ``history`` are Zeek's. Of each finding ``blamed`` is the end it stands against, ``known`` what was expected of it.
    ``stopped``: it was not judged to its end. ``icmp`` are ICMP errors about its segments, each once.
    ``oddities`` change no verdict; those of ``IN_FULL`` are among them only where the connection was asked for alone.
    ``causes`` of its end are all those that its segments leave. ``artefacts``
    are those whose sign its record bears; because of them ``doubtful`` are findings no longer.
    """

    file: str
    index: int
    client: Endpoint
    server: Endpoint
    first_packet: int
    packets: int
    start: float
    duration: float
    opener: Opener
    handshake: Handshake
    close: Close
    client_states: tuple[StateStep, ...] = ()
    server_states: tuple[StateStep, ...] = ()
    evidence: Evidence = Evidence.COMPLETE
    syn_again: int = 0
    syn_ack_again: int = 0
    fin_again: int = 0
    rtt: float | None = None
    conn_state: str = ""
    history: str = ""
    completeness: int = 0
    findings: tuple[Finding, ...] = ()
    verdict: Verdict = Verdict.PASS
    blamed: tuple[Endpoint, ...] = ()
    known: tuple[Known | None, ...] = ()
    stopped: Stop | None = None
    icmp: tuple[IcmpReport, ...] = ()
    oddities: tuple[OddPacket, ...] = ()
    causes: tuple[Caused, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    doubtful: tuple[Finding, ...] = ()

    @property
    def fresh(self) -> tuple[Finding, ...]:
        """The findings that were not expected: each by itself, as they may stand against either end."""
        return tuple(f for f, known in zip_longest(self.findings, self.known) if known is None)

    @property
    def news(self) -> Verdict:
        """The verdict without what was expected; what was not judged may hold anything."""
        if not any(self.known):
            return self.verdict
        rest = Verdict.PASS if self.stopped is None and not self.doubtful else Verdict.INCONCLUSIVE
        return worst([rest, *(finding.word for finding in self.fresh)])


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything one replay found out. ``skipped`` counts records by the reason why they are no TCP segment.

    ``counts`` are connections by how they were opened and closed. ``listed`` are the connections asked for (all of
    them for JSON, the worst ones for the table). ``faults`` are files that could be read only in part:
    (file, octet, reason). ``evidence`` are connections by how complete their record is.

    ``expected`` are the deviations that do not fail it: ``verdicts`` leaves out the ``known`` connections that deviate
    in no other way. ``deviations`` are connections by rule and verdict of their other findings. ``fail_on`` are
    verdicts that fail it beside ``fail``. ``late``: the deadline ended it. ``oddities`` are connections by what is
    strange in them. ``troubles`` are connections that ended badly, by server and cause, the most frequent first; with
    ``fail_on_trouble`` they fail it. ``suspicions``: what the records of
    each file bear the signs of.
    """

    files: tuple[str, ...]
    profile: str
    records: int
    connections: int
    skipped: dict[str, int]
    counts: dict[tuple[Handshake, Close], int]
    verdicts: dict[str, int]
    listed: tuple[Connection, ...]
    faults: tuple[tuple[str, int, str], ...] = ()
    interrupted: bool = False
    seconds: float = 0.0
    evidence: dict[Evidence, int] = field(default_factory=dict)
    expected: tuple[Expected, ...] = ()
    known: int = 0
    deviations: dict[tuple[str, Verdict], int] = field(default_factory=dict)
    fail_on: frozenset[Verdict] = frozenset()
    late: bool = False
    oddities: dict[Oddity, int] = field(default_factory=dict)
    timeline: Timeline = NO_TIMELINE
    troubles: tuple[Trouble, ...] = ()
    fail_on_trouble: bool = False
    suspicions: tuple[Suspicion, ...] = ()

    @property
    def words(self) -> set[Verdict]:
        """The verdicts that occur; what the deadline left unread is inconclusive, what was expected passes."""
        found = {Verdict(word) for word, count in self.verdicts.items() if count}
        return found | ({Verdict.PASS} if self.known else set()) | ({Verdict.INCONCLUSIVE} if self.late else set())

    @property
    def exit_code(self) -> ExitCode:
        """What its verdicts come to; ``fail_on`` fails too, and a file that is unreadable in part is an error."""
        codes = [exit_code(self.words, self.fail_on, interrupted=self.interrupted)]
        codes += [ExitCode.VIOLATED] * bool(self.troubles and self.fail_on_trouble)
        return heaviest(codes + [ExitCode.ENVIRONMENT] * bool(self.faults))


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording judged again; ``differs`` are sentences, one a verdict that is not as recorded.

    ``verdicts`` counts every exchange and cell; of a bulk run the report shows only some. ``matrix`` is what one of
    `probe matrix` holds, and then ``report`` has no run.
    """

    file: str
    report: Report
    verdicts: Mapping[Verdict, int]
    differs: tuple[str, ...] = ()
    matrix: MatrixReport | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What its exchanges, or its cells, come to."""
        return self.report.exit_code if self.matrix is None else self.matrix.exit_code
