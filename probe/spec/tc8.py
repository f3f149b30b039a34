"""OPEN Alliance TC8 v3.0 section 4.8.6, TCP: its 85 cases of open, close, reset and validity, in our own words.

Each names what shows it here: exchanges, and cells of the matrix (state and kind of segment). Cases that remain
out of scope say why.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its id without ``TCP_``, its purpose, what shows it, or why nothing does."""

    id: str
    purpose: str
    exchanges: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    beyond: str = ""


def _case(name: str, purpose: str, exchanges: str = "", *cells: str, beyond: str = "") -> Case:
    return Case(name, purpose, tuple(exchanges.split()), cells, beyond)


def _in(states: str, *kinds: str) -> tuple[str, ...]:
    return tuple(f"{state} {kind}" for state in states.split() for kind in kinds)


_FIVE = ("SYN", "SYN+ACK", "ACK", "FIN+ACK", "DATA")
_BAD = ("ACK", "DATA")

CASES: tuple[Case, ...] = (
    _case("BASICS_01", "LISTEN answers a SYN with SYN,ACK", "open"),
    _case("BASICS_02", "the ACK in SYN-RECEIVED leads to ESTABLISHED", "open ack-with-data"),
    _case("BASICS_03", "a FIN in ESTABLISHED is acknowledged", "close-by-us"),
    _case("BASICS_04", "closed port, segments without ACK: RST with number 0", "refused closed-no-ack"),
    _case("BASICS_05", "closed port, segments with ACK: RST with the number acknowledged", "closed-ack"),
    _case("BASICS_06", "an active open sends a SYN", "active-open"),
    _case("BASICS_07", "SYN,ACK in SYN-SENT leads to ESTABLISHED", "active-open"),
    _case("BASICS_08", "CLOSE sends a FIN, in ESTABLISHED and in CLOSE-WAIT", "close-by-peer close-by-us"),
    _case("BASICS_09", "the ACK of its FIN ends LAST-ACK", "close-by-us"),
    _case("BASICS_10", "a FIN in FIN-WAIT-1 and -2 is acknowledged", "close-by-peer simultaneous-close"),
    _case("BASICS_11", "TIME-WAIT from FIN-WAIT-2 ends after 2MSL", "time-wait-held time-wait-over"),
    _case("BASICS_12", "TIME-WAIT from CLOSING ends after 2MSL", "time-wait-held time-wait-over"),
    _case("BASICS_13", "the FIN again in TIME-WAIT is acknowledged", "time-wait-fin"),
    _case("BASICS_14", "the FIN again in TIME-WAIT from CLOSING is acknowledged", "simultaneous-close"),
    _case("BASICS_17", "simultaneous open ends in ESTABLISHED", "simultaneous-open"),
    _case("CONNECTION_ESTAB_01", "one listener, several sources", "synack-retransmitted open"),
    _case("CONNECTION_ESTAB_02", "several listeners", beyond="a check judges one port; give each as a target"),
    _case("CONNECTION_ESTAB_03", "several active opens", "active-open active-close-by-us active-close-by-peer"),
    _case("CONNECTION_ESTAB_07", "passive close: FIN acknowledged, then its own FIN", "close-by-us close-by-us-four"),
    _case("CLOSING_03", "a RST with data ends the connection in silence", "rst-with-data"),
    _case("CLOSING_06", "CLOSE sends a FIN", "close-by-peer"),
    _case("CLOSING_07", "FIN-WAIT-1 takes and acknowledges data", "data-in-fin-wait-1"),
    _case("CLOSING_08", "FIN-WAIT-2 takes and acknowledges data", "half-close-by-peer"),
    _case("CLOSING_09", "CLOSE-WAIT lasts until the user closes and may send", "half-close close-by-us-four"),
    _case("CLOSING_13", "a RST to a closed port draws nothing", "closed-rst"),
    _case("CALL_ABORT_02", "ABORT in ESTABLISHED sends a RST", "abort-by-peer"),
    _case("CALL_ABORT_03", "ABORT in CLOSING, LAST-ACK, TIME-WAIT", beyond="it sends nothing, and no call is seen"),
    _case("CALL_RECEIVE_04", "data in ESTABLISHED and FIN-WAIT is taken", "delayed-ack half-close-by-peer"),
    _case("CALL_RECEIVE_05", "data that came with the FIN is taken", "fin-with-data"),
    _case("UNACCEPTABLE_01", "a RST in SYN-RECEIVED returns to LISTEN", "isn-differs old-syn-recovery"),
    _case("UNACCEPTABLE_02", "a RST outside the window in SYN-RECEIVED", "rst-outside-syn-received"),
    _case("UNACCEPTABLE_03", "a wrong ACK in SYN-RECEIVED draws a RST", "bad-ack-syn-received"),
    _case("UNACCEPTABLE_04", "wrong numbers in ESTABLISHED draw an ACK", "data-outside", *_in("ESTABLISHED", *_BAD)),
    _case("UNACCEPTABLE_05", "SYN,ACK to LISTEN draws a RST", "listen-ack"),
    _case(
        "UNACCEPTABLE_06", "a SYN outside the window in ESTABLISHED draws an ACK", "old-syn-established half-open-syn"
    ),
    _case("UNACCEPTABLE_07", "ACK to LISTEN draws a RST", "listen-ack"),
    _case("UNACCEPTABLE_08", "a wrong ACK in SYN-SENT draws a RST", "active-bad-ack"),
    _case("UNACCEPTABLE_09", "wrong numbers in FIN-WAIT-1", "", *_in("FIN-WAIT-1", *_BAD)),
    _case("UNACCEPTABLE_10", "wrong numbers in FIN-WAIT-2", "", *_in("FIN-WAIT-2", *_BAD)),
    _case("UNACCEPTABLE_11", "wrong numbers in CLOSING", "", *_in("CLOSING", *_BAD)),
    _case("UNACCEPTABLE_12", "wrong numbers in LAST-ACK", "", *_in("LAST-ACK", *_BAD)),
    _case("UNACCEPTABLE_13", "wrong numbers in TIME-WAIT", "time-wait-old-data", *_in("TIME-WAIT", *_BAD)),
    _case("UNACCEPTABLE_14", "wrong numbers in CLOSE-WAIT", "close-wait-old-data", *_in("CLOSE-WAIT", *_BAD)),
    _case("FLAGS_INVALID_01", "SYN+RST to LISTEN is ignored", "listen-rst"),
    _case("FLAGS_INVALID_02", "SYN,ACK to LISTEN draws a RST, still listening", "listen-ack"),
    _case("FLAGS_INVALID_03", "SYN-SENT, RST with a wrong ACK", "active-rst-bad-ack"),
    _case("FLAGS_INVALID_04", "SYN-SENT, RST without ACK", "active-bare-rst"),
    _case("FLAGS_INVALID_05", "SYN-SENT, odd segments", "", *_in("SYN-SENT", "FIN", "NULL")),
    _case("FLAGS_INVALID_06", "SYN-SENT, a good ACK without SYN is dropped", "active-bare-ack"),
    _case("FLAGS_INVALID_07", "five kinds outside the window, SYN-RECEIVED", "", *_in("SYN-RECEIVED", *_FIVE)),
    _case("FLAGS_INVALID_08", "five kinds outside the window, ESTABLISHED", "", *_in("ESTABLISHED", *_FIVE)),
    _case("FLAGS_INVALID_09", "five kinds outside the window, FIN-WAIT-1", "", *_in("FIN-WAIT-1", *_FIVE)),
    _case("FLAGS_INVALID_10", "five kinds outside the window, FIN-WAIT-2", "", *_in("FIN-WAIT-2", *_FIVE)),
    _case("FLAGS_INVALID_11", "five kinds outside the window, CLOSE-WAIT", "", *_in("CLOSE-WAIT", *_FIVE)),
    _case("FLAGS_INVALID_12", "five kinds outside the window, CLOSING", "", *_in("CLOSING", *_FIVE)),
    _case("FLAGS_INVALID_13", "five kinds outside the window, LAST-ACK", "", *_in("LAST-ACK", *_FIVE)),
    _case("FLAGS_INVALID_14", "FIN or data outside the window, TIME-WAIT", "", *_in("TIME-WAIT", "FIN+ACK", "DATA")),
    _case(
        "FLAGS_INVALID_15",
        "a RST outside the window in eight states",
        "rst-outside-syn-received rst-outside time-wait-rst-outside",
        *_in("SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT", "RST"),
    ),
    _case(
        "FLAGS_PROCESSING_02",
        "a good RST closes, in five states",
        "isn-differs abort-by-us rst-fin-wait-1 rst-fin-wait-2 rst-close-wait",
    ),
    _case("FLAGS_PROCESSING_05", "SYN in the window of SYN-RECEIVED", "", *_in("SYN-RECEIVED", "SYN", "SYN+ACK")),
    _case("FLAGS_PROCESSING_06", "a FIN in TIME-WAIT restarts 2MSL", "time-wait-restarted"),
    _case("FLAGS_PROCESSING_07", "URG alone after a FIN is ignored", beyond="no urgent data after a FIN is sent"),
    _case(
        "FLAGS_PROCESSING_08",
        "FIN to CLOSED, LISTEN, SYN-SENT",
        "closed-no-ack listen-nothing",
        *_in("SYN-SENT", "FIN"),
    ),
    _case(
        "FLAGS_PROCESSING_09",
        "a second FIN changes nothing",
        "close-wait-fin closing-fin",
        *_in("CLOSE-WAIT CLOSING LAST-ACK", "FIN+ACK"),
    ),
    _case("FLAGS_PROCESSING_10", "a piggybacked ACK is taken", "ack-with-data active-open-data"),
    _case("FLAGS_PROCESSING_11", "the third ACK again draws nothing", "empty-ack"),
    _case("CONTROL_FLAGS_05", "data with URG and PSH is acknowledged", "urgent-data"),
    _case("CONTROL_FLAGS_08", "recovery from an old duplicate SYN", "old-syn-recovery half-open-syn"),
    _case("SEQUENCE_01", "the SYN,ACK acknowledges ISN+1", "open"),
    _case("SEQUENCE_02", "the ACK of a SYN,ACK acknowledges ISN+1", "active-open"),
    _case("SEQUENCE_03", "ISN 0", "isn-zero"),
    _case("SEQUENCE_04", "ISN at the end of the space", "isn-wraps"),
    _case("SEQUENCE_05", "cumulative ACK of several segments", "full-segments data-out-of-order"),
    _case("ACKNOWLEDGEMENT_02", "an ACK rides on data", "active-open-data"),
    _case("ACKNOWLEDGEMENT_03", "the ACK covers the data", "delayed-ack"),
    _case("ACKNOWLEDGEMENT_04", "a pure ACK never draws a RST", "empty-ack"),
    _case(
        "HEADER_04", "wrong source port", beyond="an exchange is one four-tuple; listen-ack sends what belongs to none"
    ),
    _case("HEADER_07", "data offset too short", beyond="RFC 9293 asks nothing of the receiver of such a header"),
    _case("HEADER_08", "data offset past the end", beyond="RFC 9293 asks nothing of the receiver of such a header"),
    _case("HEADER_09", "checksum zero", "checksum-data"),
    _case("HEADER_11", "SYN to a multicast address", beyond="nothing is ever sent to multicast addresses"),
    _case("CHECKSUM_01", "a right checksum is accepted", "delayed-ack"),
    _case("CHECKSUM_02", "a wrong checksum is dropped", "checksum-syn checksum-data"),
    _case("CHECKSUM_03", "its own checksums are right", "options-plain"),
    _case(
        "CHECKSUM_04", "the ISN is driven by a clock", beyond="random ISNs are no fault; isn-differs sees repeated ones"
    ),
)
