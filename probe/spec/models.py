"""A block for every state, in canonical numbers: what the matrix, the lists and the diagram ask the oracle about."""

from __future__ import annotations

from probe.spec.records import replace
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

TESTER_ISN, PEER_ISN = Seq(0x40000000), Seq(0xC0000000)
"""Where the ISNs of the other end and of the end itself lie in canonical numbers."""
WINDOW = 65535
"""What the tester offers, and what a peer is supposed to."""


def model(state: State, *, taken: int = 0, flight: int = 0, sent: int = 0, fin: bool = False) -> Tcb:
    """A synchronized block: octets taken from the tester, own numbers sent in all and of them in flight.

    ``fin`` says that the tester's FIN has been taken. A FIN of the end's own is the last of the numbers sent.
    """
    first = TESTER_ISN + 1
    nxt = PEER_ISN + 1 + sent
    return Tcb(
        state,
        listening=True,
        iss=PEER_ISN,
        snd_una=nxt - flight,
        snd_nxt=nxt,
        snd_wnd=WINDOW,
        snd_wl1=first,
        snd_wl2=PEER_ISN + 1,
        max_snd_wnd=WINDOW,
        irs=TESTER_ISN,
        rcv_nxt=first + taken + fin,
        rcv_wnd=WINDOW,
        fin_received=fin,
    )


CLOSED = Tcb(State.CLOSED)
LISTEN = Tcb(State.LISTEN, listening=True)
# The SYN is the number in flight; no segment has set the send window yet.
SYN_RECEIVED = replace(model(State.SYN_RECEIVED, flight=1), snd_wl1=Seq(0), snd_wl2=Seq(0))
SYN_RECEIVED_ACTIVE = replace(SYN_RECEIVED, passive=False, listening=False)
"""SYN-RECEIVED from SYN-SENT: a simultaneous open."""
SYN_SENT = replace(SYN_RECEIVED_ACTIVE, state=State.SYN_SENT, rcv_nxt=TESTER_ISN)

MODELS = (
    CLOSED,
    LISTEN,
    SYN_SENT,
    SYN_RECEIVED,
    SYN_RECEIVED_ACTIVE,
    model(State.ESTABLISHED),
    model(State.FIN_WAIT_1, sent=1, flight=1),
    model(State.FIN_WAIT_2, sent=1),
    model(State.CLOSE_WAIT, fin=True),
    model(State.CLOSING, sent=1, flight=1, fin=True),
    model(State.LAST_ACK, sent=1, flight=1, fin=True),
    model(State.TIME_WAIT, sent=1, fin=True),
)
"""The plainest block of every state, no text sent; SYN-RECEIVED once from LISTEN and once from SYN-SENT."""
