"""gVisor's packetimpact (``test/packetimpact/tests``, 2026): its 29 tests of TCP, of which 19 are about open and close.

Each runs against native Linux and against netstack, with the ones that netstack fails marked.
"""

from __future__ import annotations

from probe.spec.suites.suite import Suite, case, cells

_FIVE = ("SYN", "SYN+ACK", "ACK", "FIN+ACK", "DATA")
_TRANSFER = "how data is transferred, once open"

PACKETIMPACT = Suite(
    "packetimpact",
    "gVisor packetimpact",
    "tcp_{}",
    (
        case("acceptable_ack_syn_rcvd", "ACKs off by one in SYN-RECEIVED", "bad-ack-syn-received open"),
        case("fin_retransmission", "the FIN again in FIN-WAIT-1 and CLOSING", "fin-wait-1-fin closing-fin-again"),
        case(
            "outside_the_window",
            "five kinds of segment at and beyond the right edge of the window, in ESTABLISHED and CLOSING",
            "data-outside fin-outside old-syn-established",
            *cells("ESTABLISHED CLOSING", *_FIVE),
            lacks="that a second one within 500 ms draws nothing: to throttle challenge ACKs is permitted, not asked",
        ),
        case(
            "unacc_seq_ack",
            "unacceptable SEQ or ACK in five states, and proof that the state stays",
            "unacceptable-segment close-wait-old-data",
            *cells("ESTABLISHED CLOSE-WAIT FIN-WAIT-2 CLOSING TIME-WAIT", "ACK", "DATA"),
        ),
        case("synrcvd_reset", "RST in SYN-RECEIVED; the ACK after it draws a RST", "isn-differs old-syn-recovery"),
        case(
            "synsent_reset",
            "RST in SYN-SENT, and after a simultaneous open",
            "active-refused simultaneous-open-reset",
        ),
        case("timewait_reset", "RST in TIME-WAIT", "time-wait-rst"),
        case("paws_mechanism", "data with an older timestamp", "paws-old"),
        case(
            "linger",
            "close with and without SO_LINGER, after data, after shutdown, before the connection stands",
            "abort-by-peer close-by-peer",
            lacks="ABORT after a half-close, CLOSE in SYN-SENT (3.10.4, 3.10.5): `probe target` has no verb for them",
        ),
        case(
            "syncookie",
            "ACK, data, SYN+ACK, FIN and RST on a connection of a SYN cookie",
            "open ack-with-data ack-with-fin rst-outside-syn-received",
            lacks="the same while the peer is made to answer with cookies; one that does so is told apart from others",
        ),
        case(
            "user_timeout",
            "TCP_USER_TIMEOUT ends a connection whose data or FIN is not acknowledged",
            "last-ack-given-up",
            lacks="USER TIMEOUT (3.10.8): `probe target` sets none; R2, the stack's own limit, is what is shown",
        ),
        case(
            "fin_wait2_timeout",
            "an orphan in FIN-WAIT-2 ends after TCP_LINGER2",
            lacks="the RFC sets no limit there (3.6.1): nothing to judge, only to tell",
        ),
        case(
            "connect_icmp_error",
            "ICMP host unreachable in SYN-SENT",
            lacks="ICMP errors as stimulus (3.9.2.2: MUST-54, MUST-56, SHLD-26)",
        ),
        case(
            "network_unreachable",
            "ICMP network and protocol unreachable, IPv4 and IPv6, in SYN-SENT and ESTABLISHED",
            lacks="ICMP errors as stimulus (3.9.2.2: MUST-54, MUST-56, SHLD-26)",
        ),
        case(
            "noaccept_close_rst",
            "the listener is closed with a connection nobody accepted: RST,ACK",
            lacks="`probe target` has no verb that closes its listener",
        ),
        case(
            "listen_backlog",
            "a full queue of connections: SYNs and third segments dropped, and what is taken afterwards",
            lacks="a small backlog without accept in `probe target`; what a full queue does to a run is told apart",
        ),
        case(
            "queue_send_recv_in_syn_sent",
            "SEND and RECEIVE called in SYN-SENT wait for the connection (3.10.2, 3.10.3)",
            "active-open-data",
            lacks="SEND in SYN-SENT: `probe target` has no verb for it",
        ),
        case(
            "handshake_window_size",
            "SYN with window 0, third ACK with a window of 0x8000: data comes",
            lacks="a window of 0 while opening",
        ),
        case(
            "zero_window_probe_usertimeout",
            "TCP_USER_TIMEOUT ends a connection that probes a closed window",
            lacks="USER TIMEOUT (3.10.8): `probe target` sets none",
        ),
        case("cork_mss", "TCP_CORK and the MSS", beyond=_TRANSFER),
        case("info", "TCP_INFO", beyond="a call of one system"),
        case("rack", "RACK loss detection", beyond=_TRANSFER),
        case("rcv_buf_space", "receive buffer and window", beyond=_TRANSFER),
        case("retransmits", "retransmission of data", beyond=_TRANSFER),
        case("send_window_sizes_piggyback", "ACKs riding on data", beyond=_TRANSFER),
        case("window_shrink", "a send window that shrinks", beyond=_TRANSFER),
        case("zero_receive_window", "the receive window closes and opens", beyond=_TRANSFER),
        case("zero_window_probe", "probes of a closed window", beyond=_TRANSFER),
        case("zero_window_probe_retransmit", "probes of a closed window, repeated", beyond=_TRANSFER),
    ),
)
