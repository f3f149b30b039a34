"""Replay as one would write it without any thought of speed: packet by packet, every connection judged in full."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from probe.capture.reader import Chunk, Reading
from probe.replay.judging import Record, record
from probe.replay.syn_options import OptionTable
from probe.replay.views.wireshark import Numbers, after, starts_new
from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Endpoint, Segment
from probe.spec.seq import Seq
from tests.helpers.record import MEMORY

GONE, ABANDONED = 240.0, 3 * 3600.0


@dataclass(slots=True)
class Stream:
    """A connection: its four-tuple, and its packets with the end that sent each (from_client: the high end did)."""

    ends: tuple[Endpoint, Endpoint]
    packets: list[Packet] = field(default_factory=list)
    reused: bool = False
    numbers: Numbers = field(default_factory=Numbers)


def streams(path: Path) -> list[Stream]:
    """The connections in the order of their first packets."""
    found: list[Stream] = []
    running: dict[int, Stream] = {}
    options = OptionTable()
    for chunk in Reading(str(path)):
        for row in range(len(chunk)):
            flow = int(chunk.columns.flow[row])
            packet = _packet(chunk, row, options)
            stream = running.get(flow)
            if stream is None or starts_new(stream.numbers, packet.segment, from_client=packet.from_client):
                reused = stream is not None and packet.time - stream.packets[-1].time <= GONE
                stream = running[flow] = Stream(chunk.addresses.ends(flow), reused=reused)
                found.append(stream)
            elif _over(stream.packets, packet.time - stream.packets[-1].time):
                stream = running[flow] = Stream(stream.ends)
                found.append(stream)
            stream.packets.append(packet)
            stream.numbers = after(stream.numbers, packet.segment, from_client=packet.from_client)
    return found


def _packet(chunk: Chunk, row: int, options: OptionTable) -> Packet:
    columns, flags = chunk.columns, int(chunk.columns.flags[row])
    numbers = options.of(chunk)
    known, faults, whole = options.known[int(numbers[row])]
    segment = Segment(
        Seq(int(columns.seq[row])), Seq(int(columns.ack[row])), flags, int(columns.window[row]),
        int(columns.length[row]), options=known, faults=faults, options_known=whole,
    )  # fmt: skip
    return Packet(int(chunk.number[row]), int(chunk.time[row]) / 1e9, bool(columns.from_high[row]), segment)


def _over(packets: list[Packet], silence: float) -> bool:
    if silence <= GONE:
        return False
    closed = any(p.segment.flags & RST for p in packets)
    closed |= {p.from_client for p in packets if p.segment.flags & FIN} == {True, False}
    unanswered = len({p.from_client for p in packets}) == 1 and all(p.segment.flags & SYN for p in packets)
    return closed or unanswered or silence > ABANDONED


def judged(stream: Stream, profile: str = "rfc9293") -> tuple[list[Packet], Record]:
    """All packets of the connection with its client told, and what the engine says of them."""
    opening = [(p.segment.flags & (SYN | ACK), p.from_client) for p in stream.packets]
    high = next((high for kind, high in opening if kind == SYN), None)
    if high is None:
        high = next((not high for kind, high in opening if kind == SYN | ACK), stream.packets[0].from_client)
    packets = [replace(p, from_client=p.from_client == high) for p in stream.packets]
    return packets, record(packets, MEMORY, profile, reused=stream.reused)


Summary = tuple[object, ...]


def summaries(path: Path) -> list[Summary]:
    """What replay must say of each connection."""
    found: list[Summary] = []
    for index, stream in enumerate(streams(path)):
        packets, about = judged(stream)
        steps = [
            tuple((state, packets[at].number) for state, at in states)
            for states in (about.pair.client_states, about.pair.server_states)
        ]
        rules = tuple((f.rule, tuple(packets[n - 1].number for n in f.packets)) for f in about.pair.findings)
        outcome = about.outcome
        found.append(
            (index, packets[0].number, len(packets), outcome.opener, outcome.handshake, outcome.close, *steps,
             outcome.syn_again, outcome.syn_ack_again, outcome.fin_again, about.evidence, about.conn_state,
             about.history, about.completeness, rules, str(about.pair.word))
        )  # fmt: skip
    return found
