"""What became of one connection: how it was opened and closed, what was sent again, and how complete its record is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probe.replay.flow.closing import Walk, closing
from probe.replay.flow.opening import Trips, opening
from probe.results.connection import Close, Evidence, Handshake, Opener, Packet


@dataclass(frozen=True, slots=True)
class Outcome:
    """One connection in the words of ``probe.results.connection.Connection``.

    ``opener``:

    - client: a SYN without ACK of the client is in the record; simultaneous: of both ends; mid-stream: of none.

    ``handshake``:

    - followed: SYN(x), SYN,ACK(y, x+1), and a segment of the client without SYN and RST that acknowledges y+1, alone or
      together with later octets of a server seen to go on. After a simultaneous open: each end acknowledged the
      other's SYN.
    - incomplete: such a SYN,ACK but no acknowledgment of it in the record (simultaneous: only one end acknowledged).
    - refused: no such SYN,ACK, but a RST,ACK of the server that acknowledges the SYN. A RST without ACK refuses nothing
      (RFC 9293 section 3.10.7.3).
    - violated: SYN,ACKs of the server that acknowledge none of the SYNs in the record, and nothing else came of it.
    - unanswered: nothing of the server that answers the SYN.
    - not seen: the SYN or its SYN,ACK is not in the record although the connection goes on.

    ``close``, the first that applies:

    - none: the handshake was refused.
    - both FINs are acknowledged (by segments without RST): simultaneous, neither FIN acknowledged the other; four-way,
      the end that closed second acknowledged the first FIN in a segment of its own before its FIN; else three-segment.
      A RST before or after changes nothing.
    - reset by client, reset by server: the earliest RST in the receiver's window whose sender did not go on.
    - incomplete: a FIN without the rest; none: no FIN either.

    ``evidence``: one direction only, an end that was acknowledged sent nothing in the record; starts in mid-connection,
    no SYN; segments are missing, acknowledgments cover octets, or numbers jump over octets, that are not in the record.
    ``trips`` are places of packets: SYN to SYN,ACK and SYN,ACK to ACK, each from the last one before the answer, as far
    as they are in the record; none after a simultaneous open. Together they took the RTT.
    ``syn_again``, ``syn_ack_again``, ``fin_again`` count segments that bring the same number once more.
    """

    opener: Opener
    handshake: Handshake
    close: Close
    evidence: Evidence
    syn_again: int = 0
    syn_ack_again: int = 0
    fin_again: int = 0
    trips: Trips = ()


def summary(packets: Sequence[Packet]) -> Outcome:
    """The outcome of the connection that ``packets`` are all of, ``from_client`` set: the client sent the SYN."""
    opened = opening(packets)
    walk = Walk(packets, opened)
    close, evidence = closing(walk)
    again = opened.syn_again, opened.syn_ack_again, walk.client.fin_again + walk.server.fin_again
    return Outcome(opened.opener, opened.handshake, close, evidence, *again, opened.trips)
