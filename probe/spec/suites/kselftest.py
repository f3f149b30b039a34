"""Linux's own packetdrill scripts (``tools/testing/selftests/net/packetdrill``, 2026): those about open and close.

The others, of data transfer and of calls of one system, are one case by what they are about. Those of RFC 5961 and of
FIN-WAIT-1 before a closed window stand in trees that are on their way to it.
"""

from __future__ import annotations

from probe.spec.suites.suite import Suite, case

_FAST_OPEN = "Fast Open (RFC 7413): no exchange asks for a cookie; `syn-data` plays text on a SYN without one"
_FIRST = "text on the SYN that is delivered at once needs a cookie (RFC 7413)"
_ECN = "no exchange sends an ECN-setup SYN (RFC 3168 6.1.1, RFC 9768)"

KSELFTEST = Suite(
    "kselftest",
    "Linux selftests, packetdrill",
    "tcp_{}",
    (
        case("basic_client", "active open, data, close", "active-open active-close-by-peer"),
        case("basic_server", "passive open, data, close", "open close-by-us"),
        case("blocking_blocking-accept", "accept waits for the handshake", "open two-way-only"),
        case("blocking_blocking-connect", "connect waits for the handshake", "active-open"),
        case(
            "close_close-local-close-then-remote-fin",
            "close by the peer, then by us, with text in between",
            "close-by-peer half-close-by-peer",
        ),
        case("close_close-remote-fin-then-close", "close by us, then by the peer", "close-by-us close-by-us-four"),
        case(
            "close_close-on-syn-sent",
            "CLOSE in SYN-SENT sends no RST; the SYN,ACK that comes then draws one",
            lacks="CLOSE in SYN-SENT (3.10.4): `probe target` has no verb for it",
        ),
        case(
            "close_no_rst",
            "a FIN on a retransmitted segment, then CLOSE: a FIN, no RST (RFC 2525 2.17)",
            "fin-with-data",
            "ESTABLISHED FIN+ACK",
            lacks="the close afterwards where all text but the FIN was received before",
        ),
        case(
            "disorder_fin_in_FIN_WAIT",
            "the FIN overtaken by the ACK of the peer's FIN",
            "fin-out-of-order",
            "FIN-WAIT-2 FIN+ACK",
        ),
        case(
            "rcv_zero_wnd_fin",
            "a FIN into a closed window is taken, against an endless exchange of FIN and ACK",
            "zero-window-fin",
        ),
        case(
            "fin_wait1_zero_window",
            "a FIN held back by a closed window: the probes back off, so that FIN-WAIT-1 ends",
            lacks="the peer's FIN behind a window of 0 (3.8.6.1)",
        ),
        case(
            "rfc5961_ack-out-of-window",
            "ACKs outside the range of MAY-12",
            "old-ack",
            "ESTABLISHED ACK",
            "ESTABLISHED DATA",
        ),
        case(
            "rfc5961_ack-beyond-snd-nxt",
            "an ACK of what was never sent",
            "",
            "ESTABLISHED ACK",
            "ESTABLISHED DATA",
        ),
        case(
            "validate_validate-established-no-flags",
            "a segment without flags is not taken",
            "data-without-ack",
            "ESTABLISHED NULL",
        ),
        case(
            "ts_recent_fin_tsval",
            "the FIN carries a fresh TSval",
            "options-all",
            lacks="that it is fresh: the presence of the option is judged, its value is not",
        ),
        case(
            "ts_recent_reset_tsval",
            "the RST carries a fresh TSval",
            lacks="recommended and rarely done (RFC 7323 5.2); it changes nothing in how a connection closes",
        ),
        case(
            "ts_recent_invalid_ack",
            "a segment with an unacceptable ACK does not move TS.Recent",
            lacks="an ACK of what was never sent with a newer TSval, and an older one behind it",
        ),
        case(
            "user_timeout_user_timeout",
            "TCP_USER_TIMEOUT ends a connection whose data is not acknowledged",
            "last-ack-given-up",
            lacks="USER TIMEOUT (3.10.8): `probe target` sets none; R2, the stack's own limit, is what is shown",
        ),
        case(
            "user_timeout_user-timeout-probe",
            "TCP_USER_TIMEOUT ends a connection that probes a closed window",
            lacks="USER TIMEOUT (3.10.8): `probe target` sets none",
        ),
        case("rto_synack_rto_max", "the SYN,ACK again, at gaps that are bounded", "synack-retransmitted"),
        case(
            "md5_md5-only-on-client-ack",
            "an MD5 signature that nobody asked for on the third segment",
            "options-unknown",
            lacks="that very option; it is one that the peer does not use",
        ),
        case(
            "syncookies_ip6_9k",
            "the MSS of a SYN cookie",
            lacks="the size of segments of a connection that a cookie brought back",
        ),
        case(
            "purge_receive_queue_*",
            "a RST in CLOSE-WAIT flushes the text that nobody read",
            beyond="what an application can read is not seen from outside",
        ),
        case("fastopen_server_basic-non-tfo-listener", "text on a SYN, no Fast Open: the SYN is answered", "syn-data"),
        case("fastopen_server_reset-non-tfo-socket", "RST after text on a SYN, no Fast Open", "syn-data abort-by-us"),
        case("fastopen_server_basic-pure-syn-data", "text on a SYN is delivered at once", "syn-data", lacks=_FIRST),
        *(
            case(f"fastopen_server_{name}", purpose, lacks=_FAST_OPEN)
            for name, purpose in (
                ("basic-cookie-not-reqd", "Fast Open without a cookie"),
                ("basic-no-setsockopt", "Fast Open by a setting of the system"),
                ("basic-rw", "text both ways on SYN and SYN,ACK"),
                ("basic-zero-payload", "a cookie, but no text on the SYN"),
                ("client-ack-dropped-then-recovery-ms-timestamps", "the third segment is lost"),
                ("experimental_option", "the option under its old number"),
                ("fin-close-socket", "a FIN while the SYN,ACK is not acknowledged"),
                ("icmp-before-accept", "an ICMP error while the SYN,ACK is not acknowledged"),
                ("reset-after-accept", "a RST after accept, the SYN,ACK not acknowledged"),
                ("reset-after-disconnect", "a RST after the peer disconnected"),
                ("reset-before-accept", "a RST before accept"),
                ("reset-close-with-unread-data", "a RST, then a close with unread text"),
                ("sockopt-fastopen-key", "keys of cookies"),
                ("trigger-rst-listener-closed", "the listener is closed before the third segment: RST"),
                ("trigger-rst-reconnect", "the peer connects anew before the third segment: RST"),
                ("trigger-rst-unread-data-closed", "a close with unread text before the third segment: RST"),
            )
        ),
        case("fastopen_client_*", "Fast Open by a client: cookie, text on the SYN, and what is lost", lacks=_FAST_OPEN),
        case(
            "accecn_close_local_close_then_remote_fin",
            "close by the peer, then by us, with AccECN",
            "close-by-peer",
            lacks=_ECN,
        ),
        case(
            "accecn_*",
            "negotiation of AccECN on SYN, SYN,ACK and ACK, with loss of each: 57 more scripts",
            lacks=_ECN,
        ),
        case("ecn_ecn-uses-ect0", "an ECN-setup SYN, and ECT(0) on text", lacks=_ECN),
        case("advmss_pmtu_*", "the MSS told, by the MTU of the path", "options-plain", lacks="other MTUs"),
        *(
            case(f"{name}_*", purpose, beyond="how data is transferred, once open")
            for name, purpose in (
                ("dsack", "duplicate SACK"),
                ("eor", "ends of records"),
                ("fast_recovery", "loss recovery"),
                ("limited_transmit", "limited transmit"),
                ("nagle", "the Nagle algorithm"),
                ("sack", "SACK"),
                ("slow_start", "slow start"),
                ("zerocopy", "sending without copies"),
            )
        ),
        *(
            case(f"{name}_*", purpose, beyond="a call of one system")
            for name, purpose in (
                ("blocking_blocking-read", "read waits"),
                ("blocking_blocking-write", "write waits"),
                ("inq", "octets that wait to be read"),
                ("sendfile", "sendfile"),
                ("splice", "splice"),
                ("syscall_bad_arg", "calls with bad arguments"),
                ("tcp_info", "TCP_INFO"),
                ("timestamping", "times of sending"),
            )
        ),
    ),
)
