"""What replay finds out about one connection of a capture: plain frozen records, the only thing reports know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.engine.verdict import Finding, Word
from probe.spec.segment import Endpoint, Segment


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
class Connection:
    """One connection and its verdict.

    ``opener``: client, simultaneous, mid-stream. ``handshake``: followed, refused, unanswered, incomplete, violated,
    or not seen. ``close``: four-way, three-segment, simultaneous, reset by client, reset by server, incomplete, none.
    ``evidence`` says how complete the record is: complete, or why not ("starts in mid-connection", "one direction
    only", "segments are missing"). ``rtt``: seconds between SYN and SYN,ACK plus SYN,ACK and ACK, as far as seen.
    ``completeness`` is Wireshark's number (1 SYN, 2 SYN-ACK, 4 ACK, 8 DATA, 16 FIN, 32 RST), ``conn_state`` and
    ``history`` are Zeek's.
    """

    file: str
    index: int
    client: Endpoint
    server: Endpoint
    first_packet: int
    packets: int
    start: float
    duration: float
    opener: str
    handshake: str
    close: str
    client_states: tuple[StateStep, ...] = ()
    server_states: tuple[StateStep, ...] = ()
    evidence: str = "complete"
    syn_again: int = 0
    syn_ack_again: int = 0
    fin_again: int = 0
    rtt: float | None = None
    conn_state: str = ""
    history: str = ""
    completeness: int = 0
    findings: tuple[Finding, ...] = ()
    verdict: Word = Word.PASS


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything one replay found out. ``skipped`` counts records by the reason why they are no TCP segment.

    ``counts`` are connections by outcome ("followed, four-way": 12). ``listed`` are the connections asked for (all of
    them for JSON, the worst ones for the table). ``faults`` are files that could be read only in part:
    (file, octet, reason). ``evidence`` are connections by how complete their record is, as ``counts`` are by outcome.
    """

    files: tuple[str, ...]
    profile: str
    records: int
    connections: int
    skipped: dict[str, int]
    counts: dict[str, int]
    verdicts: dict[str, int]
    listed: tuple[Connection, ...]
    faults: tuple[tuple[str, int, str], ...] = ()
    interrupted: bool = False
    seconds: float = 0.0
    evidence: dict[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """1 where a MUST is violated, 130 interrupted, 4 a file was unreadable in part, 0 otherwise."""
        if self.verdicts.get(Word.FAIL):
            return 1
        if self.interrupted:
            return 130
        return 4 if self.faults else 0
