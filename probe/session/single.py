"""One connection of a capture in full: every packet, judged as it stands, nothing folded away."""

from __future__ import annotations

from dataclasses import replace

from probe.engine.connection import Connection, Packet, StateStep
from probe.engine.outcome import summary
from probe.session.judged import record
from probe.session.picked import pick
from probe.session.replay import ReplayOptions


def packets_of(options: ReplayOptions, index: int) -> tuple[Connection, tuple[Packet, ...]]:
    """Connection ``index`` of the one file of ``options`` with all its packets.

    TargetError where the file has no such connection, CaptureError where it is no capture.
    """
    file = options.files[0]
    picked = pick(file, index)
    packets = list(picked.packets)
    found = record(packets, options.profile, reused=False)
    pair, outcome = found.pair, found.outcome
    connection = Connection(
        file=file,
        index=picked.index,
        client=picked.client,
        server=picked.server,
        first_packet=packets[0].number,
        packets=len(packets),
        start=packets[0].time,
        duration=packets[-1].time - packets[0].time,
        opener=outcome.opener,
        handshake=outcome.handshake,
        close=outcome.close,
        client_states=tuple(StateStep(state, packets[at].number) for state, at in pair.client_states),
        server_states=tuple(StateStep(state, packets[at].number) for state, at in pair.server_states),
        evidence=found.evidence,
        syn_again=outcome.syn_again,
        syn_ack_again=outcome.syn_ack_again,
        fin_again=outcome.fin_again,
        rtt=summary(packets).rtt,
        conn_state=found.conn_state,
        history=found.history,
        completeness=found.completeness,
        findings=tuple(replace(f, packets=tuple(packets[n - 1].number for n in f.packets)) for f in pair.findings),
        verdict=pair.word,
    )
    return connection, tuple(packets)
