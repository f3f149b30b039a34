"""Public bugs of stacks in open and close, as mutants: what went wrong there, by name."""

from __future__ import annotations

BUGS: dict[str, str] = {
    "the FIN is sent again without the FIN bit in CLOSING": "RETRANSMIT:CLOSING.without-fin",
    "a FIN in FIN-WAIT-1 leads to CLOSE-WAIT": "W4:simclose.fin-acked.to-close-wait",
    "a FIN that acknowledges the own one leads to CLOSE-WAIT": "W5:aclose.fin-and-ack-together.to-close-wait",
    "the FIN again is not acknowledged in TIME-WAIT": "T12:timewait.fin-reacked.silent",
    "LAST-ACK has no timer": "RETRANSMIT:LAST-ACK.silent",
    "LAST-ACK does not end": "A2:close.lastack-closed.stays",
    "a SYN in ESTABLISHED is ignored": "F6:synsync.in-window.silent",
    "the RST that refuses a SYN acknowledges one too few": "C2:closed.syn-refused.ack-below",
    "RST,ACK is not honoured in SYN-SENT": "S3:active.rst-ack-refused.stays",
    "a RST is not honoured in FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, LAST-ACK": "F5:rst.closing-states.stays",
    "the FIN of a simultaneous close is not sent again": "RETRANSMIT:CLOSING.silent",
    "a RST is ignored in SYN-RECEIVED after a simultaneous open": "R5:simopen.rst-refuses.stays",
    "a challenge ACK has a wrong number, so that it loops": "F6:synsync.in-window.ack-above",
    "the SYN,ACK comes again with another ISN": "RETRANSMIT:SYN-RECEIVED.seq-above",
    "a FIN behind a gap is taken": "E5:close.fin-out-of-order.takes-all",
    "a FIN outside the window is taken": "F4:close.fin-out-of-window.takes-all",
    "text behind the FIN is taken": "K3:close.data-after-fin-ignored.takes-all",
    "an old SYN is answered as a new one": "F4:halfopen.syn-out-of-window.says-syn-ack",
    "an ACK for nothing is not refused in LISTEN": "L2:listen.ack-gets-rst.silent",
    "an ACK of what was never sent is not answered": "F9:seg.ack-of-unsent.silent",
    "the FIN of the end that closes second has no ACK": "CLOSE:CLOSE-WAIT.without-ack",
    "a segment without ACK is taken": "F7:close.fin-without-ack-dropped.takes-all",
}
"""What went wrong -> the id of the mutant. ISN 0, a RST,ACK in ESTABLISHED and keep-alives without timestamps are among
the faults of ``tests.scenarios`` and ``tests.zoo``, as they are none of one row."""
