"""How the peer is brought into each state before a cell of the matrix is played, and the block it then has.

The block is a model in canonical numbers, to find the cells with. What a peer owes is judged by its own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from probe.scenarios.steps import CALLED, OPEN, PEER, TEXT, Command, Expect, Num, Scenario, Send, Span, Step
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
    name: str
    steps: tuple[Step, ...]
    tcb: Tcb
    port: str = "open"
    opens: str = "us"
    acks: bool = True
    fallback: bool = False

    @property
    def state(self) -> State:
        """The state it leads into."""
        return self.tcb.state

    def scenario(
        self, name: str, title: str, steps: tuple[Step, ...] = (), clause: str = "", *, risky: bool = False
    ) -> Scenario:
        """The way and what is to be played then."""
        whole = (*self.steps, *steps)
        return Scenario(name, title, whole, (), clause, port=self.port, opens=self.opens, acks=self.acks, risky=risky)

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
    "known": lambda tcb: tcb.snd_nxt - (1 if tcb.state in FIN_SENT and not tcb.fin_acked else 0),
    "edge": lambda tcb: tcb.rcv_nxt + tcb.rcv_wnd,
}


_FIN = Expect("F", Span.CROWDED, application=True)
_TEXT = Expect("text", Span.CROWDED, count=TEXT_LENGTH, application=True)
_HOLD = (*OPEN, Send("P.", data=Command("send and hold")), _TEXT)
_CLOSE = (*OPEN, Send("P.", data=Command("close")), _FIN)
# The text proves that the application has read its line: what a stack makes of a segment at the edge of the window may
# hang on what lies unread.
_SHUT = (*OPEN, Send("P.", data=Command("send and half-close")), _TEXT, _FIN)
_BOTH = (*OPEN, Send("P.", data=Command("send and close")), _TEXT, _FIN, Send("F.", ack=PEER + 1), Expect("."))
_WAIT = (*OPEN, Send("P.", data=Command("send at end of file, then hold")), Send("F."), Expect("."), _TEXT)
_LAST = (*OPEN, Send("P.", data=Command("send at end of file, then close")), Send("F."), Expect("."), _TEXT, _FIN)
_told = partial(model, taken=_LINE)
_text = partial(_told, sent=TEXT_LENGTH)
_text_in_flight = partial(_text, flight=TEXT_LENGTH)
_text_and_fin = partial(_told, sent=TEXT_LENGTH + 1)
_both_in_flight = partial(_text_and_fin, flight=TEXT_LENGTH + 1)
_ACTIVE = (*CALLED, Send("S"), Expect("S."))

APPROACHES: tuple[Approach, ...] = (
    Approach("closed", "closed port", (), CLOSED, port="closed"),
    Approach("listen", "open port", (), LISTEN),
    Approach("syn-sent", "connects to us", CALLED, SYN_SENT, opens="peer"),
    Approach("syn-received", "from LISTEN", OPEN[:2], SYN_RECEIVED),
    Approach("syn-received-active", "from SYN-SENT", _ACTIVE, SYN_RECEIVED_ACTIVE, opens="peer"),
    Approach("established", "idle", _HOLD, _text(State.ESTABLISHED)),
    Approach("established-text", "text in flight", _HOLD, _text_in_flight(State.ESTABLISHED), acks=False),
    Approach("established-plain", "just opened", OPEN, model(State.ESTABLISHED), fallback=True),
    Approach("fin-wait-1", "half-close, text in flight", _SHUT, _both_in_flight(State.FIN_WAIT_1), acks=False),
    Approach("fin-wait-1-close", "close", _CLOSE, _told(State.FIN_WAIT_1, sent=1, flight=1)),
    Approach("fin-wait-2", "half-close", (*_SHUT, Send(".")), _text_and_fin(State.FIN_WAIT_2), acks=False),
    Approach("fin-wait-2-close", "close", (*_CLOSE, Send(".")), _told(State.FIN_WAIT_2, sent=1)),
    Approach("close-wait", "idle", _WAIT, _text(State.CLOSE_WAIT, fin=True)),
    Approach("close-wait-text", "text in flight", _WAIT, _text_in_flight(State.CLOSE_WAIT, fin=True), acks=False),
    Approach("closing", "text in flight", _BOTH, _both_in_flight(State.CLOSING, fin=True), acks=False),
    Approach(
        "closing-close",
        "close",
        (*_CLOSE, Send("F.", ack=TEXT), Expect(".")),
        _told(State.CLOSING, fin=True, sent=1, flight=1),
        fallback=True,
    ),
    Approach("last-ack", "text in flight", _LAST, _both_in_flight(State.LAST_ACK, fin=True), acks=False),
    Approach(
        "last-ack-close",
        "close",
        (*OPEN, Send("F."), Expect("."), _FIN),
        model(State.LAST_ACK, fin=True, sent=1, flight=1),
        fallback=True,
    ),
    Approach(
        "time-wait",
        "close",
        (*_CLOSE, Send("."), Send("F."), Expect(".")),
        _told(State.TIME_WAIT, fin=True, sent=1),
    ),
)
"""Every way, in the order of the report: states as in the RFC's list, the richest way of a state first."""


def possible(ways: Iterable[Approach], lacking: Callable[[Approach], str]) -> tuple[Approach, ...]:
    """The ways to try: a fallback only where each other way into its state lacks something (``lacking`` says what)."""
    every = tuple(ways)
    served = {way.state for way in every if not way.fallback and not lacking(way)}
    return tuple(way for way in every if not way.fallback or way.state not in served)
