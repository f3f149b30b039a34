"""How the peer is brought into each state before a cell of the matrix is played, and the block it then has.

The block is a model in canonical numbers, to find the cells with. What a peer owes is judged by its own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from probe.scenarios.steps import CALLED, OPEN, PEER, TEXT, Command, Expect, Num, Scenario, Send, Step
from probe.spec.models import CLOSED, LISTEN, SYN_RECEIVED, SYN_RECEIVED_ACTIVE, SYN_SENT, model
from probe.spec.seq import Seq
from probe.spec.states import FIN_SENT, SYNCHRONIZED, State
from probe.spec.tcb import Tcb

TEXT_LENGTH = 10
"""Octets of text the peer has in flight where it is asked for some."""
_LINE = 20
"""Octets of text the peer has taken from the tester: a command line."""


@dataclass(frozen=True, slots=True)
class Approach:
    """One way into a state: ``steps`` are played first, ``tcb`` is the model of the block they leave.

    ``name`` tells ways of one state apart. ``port``, ``opens`` and ``acks`` are those of a Scenario. A ``fallback`` is
    taken only where the application cannot be brought to take another way into the state.
    """

    id: str
    state: State
    name: str
    steps: tuple[Step, ...]
    tcb: Tcb
    port: str = "open"
    opens: str = "us"
    acks: bool = True
    fallback: bool = False

    def scenario(self, name: str, title: str, steps: tuple[Step, ...] = (), clause: str = "") -> Scenario:
        """The way and what is to be played then."""
        whole = (*self.steps, *steps)
        return Scenario(name, title, whole, (), clause, port=self.port, opens=self.opens, acks=self.acks)

    @property
    def commands(self) -> tuple[str, ...]:
        """What the peer's application has to be asked for."""
        return self.scenario(self.id, "").commands

    @property
    def retransmits(self) -> bool:
        """Whether text or a FIN of the peer is in flight, to be sent again until it is acknowledged."""
        return self.tcb.state in SYNCHRONIZED and not self.tcb.fin_acked

    def number(self, num: Num) -> Seq:
        """A scenario's number where the peer has the model's block."""
        return _BASES[num.base](self.tcb) + num.offset


_BASES: dict[str, Callable[[Tcb], Seq]] = {
    "iss": lambda tcb: tcb.irs,
    "nxt": lambda tcb: tcb.rcv_nxt,
    "peer": lambda tcb: tcb.iss or Seq(0),
    "text": lambda tcb: tcb.snd_nxt - (1 if tcb.state in FIN_SENT else 0),
    "rcv": lambda tcb: tcb.snd_nxt,
    "told": lambda tcb: tcb.snd_una,
    "edge": lambda tcb: tcb.rcv_nxt + tcb.rcv_wnd,
}


_PATIENCE = 5.0
"""Seconds an application may take to do what it is asked: with many connections at a time it has its turn late."""
_FIN = Expect("F", _PATIENCE, application=True)
_TEXT = Expect("text", _PATIENCE, count=TEXT_LENGTH, application=True)
_CLOSE = (*OPEN, Send("P.", data=Command("close")), _FIN)
# The text proves that the application has read its line: what a stack makes of a segment at the edge of the window may
# hang on what lies unread.
_SHUT = (*OPEN, Send("P.", data=Command("send and half-close")), _TEXT, _FIN)
_UNACKED = TEXT_LENGTH + 1

APPROACHES: tuple[Approach, ...] = (
    Approach("closed", State.CLOSED, "closed port", (), CLOSED, port="closed"),
    Approach("listen", State.LISTEN, "open port", (), LISTEN),
    Approach("syn-sent", State.SYN_SENT, "connects to us", CALLED, SYN_SENT, opens="peer"),
    Approach("syn-received", State.SYN_RECEIVED, "from LISTEN", OPEN[:2], SYN_RECEIVED),
    Approach(
        "syn-received-active",
        State.SYN_RECEIVED,
        "from SYN-SENT",
        (*CALLED, Send("S"), Expect("S.")),
        SYN_RECEIVED_ACTIVE,
        opens="peer",
    ),
    Approach(
        "established",
        State.ESTABLISHED,
        "idle",
        (*OPEN, Send("P.", data=Command("send and hold")), _TEXT),
        model(State.ESTABLISHED, taken=_LINE, sent=TEXT_LENGTH),
    ),
    Approach(
        "established-text",
        State.ESTABLISHED,
        "text in flight",
        (*OPEN, Send("P.", data=Command("send and hold")), _TEXT),
        model(State.ESTABLISHED, taken=_LINE, sent=TEXT_LENGTH, flight=TEXT_LENGTH),
        acks=False,
    ),
    Approach("established-plain", State.ESTABLISHED, "just opened", OPEN, model(State.ESTABLISHED), fallback=True),
    Approach(
        "fin-wait-1",
        State.FIN_WAIT_1,
        "half-close, text in flight",
        _SHUT,
        model(State.FIN_WAIT_1, taken=_LINE, sent=_UNACKED, flight=_UNACKED),
        acks=False,
    ),
    Approach(
        "fin-wait-1-close", State.FIN_WAIT_1, "close", _CLOSE, model(State.FIN_WAIT_1, taken=_LINE, sent=1, flight=1)
    ),
    Approach(
        "fin-wait-2",
        State.FIN_WAIT_2,
        "half-close",
        (*_SHUT, Send(".")),
        model(State.FIN_WAIT_2, taken=_LINE, sent=_UNACKED),
        acks=False,
    ),
    Approach(
        "fin-wait-2-close",
        State.FIN_WAIT_2,
        "close",
        (*_CLOSE, Send(".")),
        model(State.FIN_WAIT_2, taken=_LINE, sent=1),
    ),
    Approach(
        "close-wait",
        State.CLOSE_WAIT,
        "idle",
        (*OPEN, Send("P.", data=Command("send at end of file, then hold")), Send("F."), Expect("."), _TEXT),
        model(State.CLOSE_WAIT, taken=_LINE, fin=True, sent=TEXT_LENGTH),
    ),
    Approach(
        "close-wait-text",
        State.CLOSE_WAIT,
        "text in flight",
        (*OPEN, Send("P.", data=Command("send at end of file, then hold")), Send("F."), Expect("."), _TEXT),
        model(State.CLOSE_WAIT, taken=_LINE, fin=True, sent=TEXT_LENGTH, flight=TEXT_LENGTH),
        acks=False,
    ),
    Approach(
        "closing",
        State.CLOSING,
        "text in flight",
        (*OPEN, Send("P.", data=Command("send and close")), _TEXT, _FIN, Send("F.", ack=PEER + 1), Expect(".")),
        model(State.CLOSING, taken=_LINE, fin=True, sent=_UNACKED, flight=_UNACKED),
        acks=False,
    ),
    Approach(
        "closing-close",
        State.CLOSING,
        "close",
        (*_CLOSE, Send("F.", ack=TEXT), Expect(".")),
        model(State.CLOSING, taken=_LINE, fin=True, sent=1, flight=1),
        fallback=True,
    ),
    Approach(
        "last-ack",
        State.LAST_ACK,
        "text in flight",
        (*OPEN, Send("P.", data=Command("send at end of file, then close")), Send("F."), Expect("."), _TEXT, _FIN),
        model(State.LAST_ACK, taken=_LINE, fin=True, sent=_UNACKED, flight=_UNACKED),
        acks=False,
    ),
    Approach(
        "last-ack-close",
        State.LAST_ACK,
        "close",
        (*OPEN, Send("F."), Expect("."), _FIN),
        model(State.LAST_ACK, fin=True, sent=1, flight=1),
        fallback=True,
    ),
    Approach(
        "time-wait",
        State.TIME_WAIT,
        "close",
        (*_CLOSE, Send("."), Send("F."), Expect(".")),
        model(State.TIME_WAIT, taken=_LINE, fin=True, sent=1),
    ),
)
"""Every way, in the order of the report: states as in the RFC's list, the richest way of a state first."""


def possible(ways: Iterable[Approach], lacking: Callable[[Approach], str]) -> tuple[Approach, ...]:
    """The ways to try: a fallback only where each other way into its state lacks something (``lacking`` says what)."""
    every = tuple(ways)
    served = {way.state for way in every if not way.fallback and not lacking(way)}
    return tuple(way for way in every if not way.fallback or way.state not in served)
