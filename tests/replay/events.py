"""The stream events of Suricata (rules/stream-events.rules), each as a connection, and what replay says of it.

The packets are as ``tests.helpers.packets.talk`` reads them. Left out are counters of retransmissions, gaps,
threads.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN = "> S 0, < S. 0 1, > . 1 1"
DATA = f"{OPEN}, > P. 1 1 10, < . 1 11"
FIN1 = f"{DATA}, > F. 11 1"
FIN2 = f"{FIN1}, < . 1 12"
CLOSING = f"{DATA}, > F. 11 1, < F. 1 11"
LAST_ACK = f"{FIN2}, < F. 1 12"
TIME_WAIT = f"{LAST_ACK}, > . 12 2"


@dataclass(frozen=True, slots=True)
class Event:
    """``told`` is what replay says; ``why`` explains it where it is not a rule that is broken.

    ``clocks`` are TSvals and ``payloads`` octets of the packets, where they matter.
    """

    name: str
    packets: str
    told: str
    why: str = ""
    clocks: tuple[int, ...] = ()
    payloads: tuple[bytes, ...] = ()


GAP = "segments that the file lacks would explain it"
TWO = "a SYN with another number begins another connection (RFC 9293 3.10.7.4 fourth), which is reported by itself"
ANSWERED = "sent again; RFC 9293 3.10.7.4 first has it answered"
EVENTS = (
    Event("3whs_ack_in_wrong_dir", "> S 0, < . 0 1, > P. 1 1 10, < . 1 11", "segments are missing", GAP),
    Event("3whs_right_seq_wrong_ack_evasion", "> S 0, < S. 0 1, > . 1 50, > P. 1 50 10", "segments are missing", GAP),
    Event("3whs_synack_in_wrong_direction", "> S 0, > S. 0 1, < S. 0 1, > . 1 1", "warn synack.stops-when-acked"),
    Event("3whs_synack_resend_with_different_ack", "> S 0, < S. 0 1, < S. 0 50", "fail open.synack-ack-number"),
    Event("3whs_synack_resend_with_diff_seq", "> S 0, < S. 0 1, < S. 999 1, > . 1 1", "fail isn.stable-while-pending"),
    Event("3whs_synack_with_wrong_ack", "> S 0, < S. 0 50", "fail open.synack-ack-number"),
    Event("3whs_synack_flood", "> S 0, < S. 0 1, < S. 9 1, < S. 18 1, < S. 27 1", "fail isn.stable-while-pending"),
    Event("3whs_syn_resend_diff_seq_on_syn_recv", "> S 0, < S. 0 1, > S 999", "two connections", TWO),
    Event("3whs_syn_toclient_on_syn_recv", "> S 0, < S. 0 1, < S 999", "two connections", TWO),
    Event("3whs_wrong_seq_wrong_ack", "> S 0, < S. 0 1, > . 900 900", "segments are missing", GAP),
    Event(
        "3whs_ack_data_inject",
        "> S 0, < S. 0 1, < P. 1 1 30, > . 1 1",
        "oddity early-text",
        "Fast Open does so, and so does a server whose client's ACK the file lacks",
    ),
    Event("4whs_synack_with_wrong_ack", "> S 0, < S 0, > S. 0 1, < S. 0 50", "fail open.synack-ack-number"),
    Event("4whs_synack_with_wrong_syn", "> S 0, < S 0, > S. 77 1", "fail simopen.syn-in-synsent"),
    Event("4whs_invalid_ack", "> S 0, < S 0, > S. 0 60, < S. 0 1", "fail open.synack-ack-number"),
    Event("est_packet_out_of_window", f"{DATA}, > P. 100011 1 10, < . 1 11", "fail seg.seq-beyond-sent"),
    Event("est_synack_resend", f"{OPEN}, < S. 0 1", "nothing", ANSWERED),
    Event("est_synack_resend_with_different_ack", f"{DATA}, < S. 0 99", "fail open.synack-ack-number"),
    Event("est_synack_resend_with_diff_seq", f"{DATA}, < S. 999 1", "fail isn.stable-while-pending"),
    Event("est_synack_toserver", f"{DATA}, > S. 0 1", "warn synack.stops-when-acked"),
    Event("est_syn_resend", f"{DATA}, > S 0", "nothing", ANSWERED),
    Event("est_syn_resend_diff_seq", f"{DATA}, > S 999", "two connections", TWO),
    Event("est_syn_toclient", f"{DATA}, < S 0", "fail seg.always-ack-flag"),
    Event("est_invalid_ack", f"{DATA}, > . 11 9999", "fail seg.ack-beyond-received"),
    Event("fin_invalid_ack", f"{DATA}, > F. 11 9999", "fail aclose.fin-form"),
    Event("fin_out_of_window", f"{DATA}, > F. 100011 1", "fail aclose.fin-form"),
    Event("fin1_ack_wrong_seq", f"{FIN1}, < . 500000 12", "fail close.fin-acked"),
    Event("fin1_fin_wrong_seq", f"{FIN1}, < F. 500000 12", "fail close.merged-fin"),
    Event("fin1_invalid_ack", f"{FIN1}, < . 1 9999", "fail close.fin-acked"),
    Event("fin2_ack_wrong_seq", f"{FIN2}, > . 500000 1", "fail seg.seq-beyond-sent"),
    Event("fin2_fin_wrong_seq", f"{FIN2}, < F. 500000 12", "fail close.passive-fin"),
    Event("fin2_invalid_ack", f"{FIN2}, < F. 1 9999", "fail close.passive-fin"),
    Event("closewait_ack_out_of_window", f"{FIN2}, < P. 100001 12 10", "fail close.halfclose-peer-sends"),
    Event("closewait_fin_out_of_window", f"{FIN2}, > F. 100012 1", "fail aclose.fin-acked-stops"),
    Event("closewait_invalid_ack", f"{FIN2}, > . 12 9999", "fail seg.ack-beyond-received"),
    Event("closing_ack_wrong_seq", f"{CLOSING}, > . 500000 2", "fail simclose.fin-acked"),
    Event("closing_invalid_ack", f"{CLOSING}, > . 12 9999", "fail simclose.fin-acked"),
    Event("lastack_ack_wrong_seq", f"{LAST_ACK}, > . 500000 2", "fail aclose.finwait2-fin"),
    Event("lastack_invalid_ack", f"{LAST_ACK}, > . 12 9999", "fail aclose.finwait2-fin"),
    Event("timewait_ack_wrong_seq", f"{TIME_WAIT}, < . 500000 12", "fail close.lastack-closed"),
    Event("timewait_invalid_ack", f"{TIME_WAIT}, < . 2 9999", "fail close.lastack-closed"),
    Event("pkt_broken_ack", f"{DATA}, > P 11 1 10", "fail seg.always-ack-flag"),
    Event(
        "pkt_invalid_timestamp",
        f"{DATA}, > P. 11 1 5",
        "oddity old-timestamp",
        "its receiver drops it (RFC 7323 5.3); that nothing else of its end explains it the file does not prove",
        clocks=(100, 7, 101, 102, 8, 90),
    ),
    Event(
        "pkt_bad_window_update",
        f"{DATA}, < . 1 11 0 w5000, < . 1 11 0 w10",
        "oddity window-shrinks",
        "a SHOULD NOT about the transfer (SHLD-14), which is not judged",
    ),
    Event("rst_invalid_ack", f"{DATA}, < R. 1 9999", "fail seg.ack-beyond-received"),
    Event("shutdown_syn_resend", f"{FIN1}, < F. 1 12, > . 12 2, > S 0", "nothing", "a copy: its number is used up"),
    Event(
        "reassembly_overlap_different_data",
        f"{OPEN}, > P. 1 1 4, > P. 1 1 4",
        "oddity other-text",
        "an end may send again with other boundaries, never other octets; who changed them the file does not tell",
        payloads=(b"abcd", b"abXd"),
    ),
    Event(
        "suspected_rst_inject",
        f"{DATA}, < R 500, < P. 1 11 30, > . 11 31",
        "oddity goes-on-after-rst",
        "its number is nobody's: the end need not have sent it. At the number that is next, going on is doubtful",
    ),
    Event("rst_but_no_session", "> R 0", "starts in mid-connection", "the file begins later"),
    Event("fin_but_no_session", "> F. 5 5, < . 5 6", "starts in mid-connection", "the file begins later"),
    Event("fin_syn", "> SF 0, < S. 0 1, > . 2 1", "fail active.syn-form"),
)
