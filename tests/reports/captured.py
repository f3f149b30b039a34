"""Connections of captures by hand, as a replay would report them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from probe.results.connection import Close, Connection, Handshake, Opener, Packet, Replay, StateStep
from probe.results.listing import Entry, modelled
from probe.results.verdict import Finding, Verdict
from probe.spec.rules import Level
from probe.spec.segment import Endpoint, Segment, parse_flags
from probe.spec.seq import Seq

START = 1700000000.0
BROKEN = Finding(
    "close.fin-acked", Level.SPEC, "RFC 9293 3.6 case 2", "F. seq 101 ack 301", ". seq 301 ack 102",
    ". seq 301 ack 101", (7, 8),
)  # fmt: skip
_ISN = {True: 1000, False: 5000}


def steps(*pairs: tuple[str, int]) -> tuple[StateStep, ...]:
    return tuple(StateStep(state, packet) for state, packet in pairs)


CLIENT = steps(("SYN-SENT", 1), ("ESTABLISHED", 3), ("FIN-WAIT-1", 6), ("FIN-WAIT-2", 7), ("TIME-WAIT", 9))
SERVER = steps(("SYN-RECEIVED", 2), ("ESTABLISHED", 3), ("CLOSE-WAIT", 7), ("LAST-ACK", 8), ("CLOSED", 9))


def packet(number: int, who: str, flags: str, seq: int, ack: int = 0, length: int = 0, **fields: Any) -> Packet:  # noqa: ANN401
    """One packet of the client (``>``) or the server (``<``); numbers count from the ISNs."""
    client = who == ">"
    segment = Segment(
        Seq(_ISN[client] + seq),
        Seq(_ISN[not client] + ack) if "." in flags else Seq(0),
        parse_flags(flags),
        length=length,
        **fields,
    )
    return Packet(number, START + number / 1000, client, segment)


PACKETS = (
    packet(1, ">", "S", 0),
    packet(2, "<", "S.", 0, 1),
    packet(3, ">", ".", 1, 1),
    packet(4, ">", "P.", 1, 1, 100),
    packet(5, "<", "P.", 1, 101, 300),
    packet(6, ">", "F.", 101, 301),
    packet(7, "<", ".", 301, 102),
    packet(8, "<", "F.", 301, 102),
    packet(9, ">", ".", 102, 302),
)


def connection(index: int = 0, **fields: Any) -> Connection:  # noqa: ANN401
    """An ordinary connection, four-way closed by the client, unless told otherwise."""
    plain = Connection(
        file="a.pcap",
        index=index,
        client=Endpoint("192.0.2.2", 50000 + index),
        server=Endpoint("192.0.2.1", 80),
        first_packet=1,
        packets=9,
        start=START,
        duration=0.25,
        opener=Opener.CLIENT,
        handshake=Handshake.FOLLOWED,
        close=Close.FOUR_WAY,
        client_states=CLIENT,
        server_states=SERVER,
        rtt=0.000123,
        conn_state="SF",
        history="ShADadFaf",
        completeness=31,
    )
    return replace(plain, **fields)


def broken(index: int = 7, **fields: Any) -> Connection:  # noqa: ANN401
    """One that a finding stands against."""
    return connection(index, findings=(BROKEN,), verdict=Verdict.FAIL, **fields)


def replay(*connections: Connection, **fields: Any) -> Replay:  # noqa: ANN401
    """What a replay of these says."""
    plain = Replay(
        files=tuple(dict.fromkeys(c.file for c in connections)) or ("a.pcap",),
        profile="rfc9293",
        records=sum(c.packets for c in connections),
        connections=len(connections),
        skipped={},
        counts=Counter((c.handshake, c.close) for c in connections),
        verdicts=Counter(c.verdict for c in connections),
        listed=connections,
        evidence=Counter(c.evidence for c in connections),
    )
    return replace(plain, **fields)


def entry(one: Connection) -> Entry:
    """The connection as lists are handed it, with a model that it shares with none."""
    model, numbers = modelled(one)
    return Entry(
        0, one.first_packet, model, one.index, one.client.address, one.client.port, one.server.address,
        one.server.port, one.packets, one.start, one.duration, one.rtt, one.causes, numbers,
    )  # fmt: skip
