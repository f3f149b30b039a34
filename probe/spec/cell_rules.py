"""Which rules the cells of the matrix meet: every kind of segment in every state, at the positions that matter.

A cell is named by state and kind of segment, ``SYN-RECEIVED SYN``. The answer comes from ``arrives`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from probe.spec.arrives import arrives
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

KINDS = {
    "SYN": SYN,
    "SYN+ACK": SYN | ACK,
    "ACK": ACK,
    "FIN": FIN,
    "FIN+ACK": FIN | ACK,
    "RST": RST,
    "RST+ACK": RST | ACK,
    "SYN+FIN": SYN | FIN,
    "DATA": PSH | ACK,
    "NULL": 0,
    "SYN+RST": SYN | RST,
}
"""The columns of the matrix. The first eight are those of the FreeBSD state-event suite."""
FREEBSD = tuple(KINDS)[:8]
"""The kinds of segment of the FreeBSD state-event suite."""

NOTHING, TRIGGER, TARGET = "nothing", "a trigger", "`probe target`"
NEEDS = {
    State.CLOSED: NOTHING,
    State.LISTEN: NOTHING,
    State.SYN_SENT: TARGET,
    State.SYN_RECEIVED: NOTHING,
    State.ESTABLISHED: NOTHING,
    State.FIN_WAIT_1: TRIGGER,
    State.FIN_WAIT_2: TRIGGER,
    State.CLOSE_WAIT: TARGET,
    State.CLOSING: TRIGGER,
    State.LAST_ACK: NOTHING,
    State.TIME_WAIT: TRIGGER,
}
"""What the peer needs to be brought into a state: nothing but an ordinary server, a trigger, our target."""

_T, _P, _WINDOW = Seq(1000), Seq(5000), 65535
_OPEN = {"iss": _P, "snd_una": _P + 1, "snd_nxt": _P + 1, "irs": _T, "rcv_nxt": _T + 1, "rcv_wnd": _WINDOW}
_SHUT = _OPEN | {"snd_nxt": _P + 2}
_HEARD = {"rcv_nxt": _T + 2, "fin_received": True}


def _block(state: State, **fields: object) -> Tcb:
    return Tcb(state, snd_wnd=_WINDOW, max_snd_wnd=_WINDOW, **fields)  # type: ignore[arg-type]  # the dicts above


MODELS = (
    Tcb(State.CLOSED),
    Tcb(State.LISTEN, listening=True),
    _block(State.SYN_SENT, passive=False, iss=_P, snd_una=_P, snd_nxt=_P + 1),
    _block(State.SYN_RECEIVED, **_OPEN | {"snd_una": _P}),
    _block(State.SYN_RECEIVED, passive=False, **_OPEN | {"snd_una": _P}),
    _block(State.ESTABLISHED, **_OPEN),
    _block(State.FIN_WAIT_1, **_SHUT),
    _block(State.FIN_WAIT_2, **_SHUT | {"snd_una": _P + 2}),
    _block(State.CLOSE_WAIT, **_OPEN | _HEARD),
    _block(State.CLOSING, **_SHUT | _HEARD),
    _block(State.LAST_ACK, **_SHUT | _HEARD),
    _block(State.TIME_WAIT, **_SHUT | {"snd_una": _P + 2} | _HEARD),
)
"""A block for every state; SYN-RECEIVED once from LISTEN and once from SYN-SENT."""


@lru_cache(maxsize=1)
def met() -> dict[str, tuple[str, ...]]:
    """Cell -> the rules that some position of it shows, in the order of the states and kinds."""
    found: dict[str, dict[str, None]] = {}
    for tcb in MODELS:
        for kind in KINDS:
            rules = found.setdefault(f"{tcb.state.value} {kind}", {})
            rules.update((r.rule, None) for segment in _positions(tcb, kind) for r in arrives(tcb, segment))
    return {cell: tuple(rules) for cell, rules in found.items()}


@lru_cache(maxsize=1)
def cells_of() -> dict[str, tuple[str, ...]]:
    """Rule -> the cells that show it."""
    found: dict[str, list[str]] = {}
    for cell, rules in met().items():
        for rule in rules:
            found.setdefault(rule, []).append(cell)
    return {rule: tuple(cells) for rule, cells in found.items()}


def needs_of(cell: str) -> str:
    """What a cell needs of the peer."""
    return NEEDS[State(cell.rpartition(" ")[0])]


def _positions(tcb: Tcb, kind: str) -> Iterator[Segment]:
    """The segment of a kind at every number that may matter in a state."""
    flags = KINDS[kind]
    for length in (3,) if kind == "DATA" else (0,) if kind == "ACK" else (0, 3):
        for seq in _sequence_numbers(tcb):
            for ack in _acknowledgments(tcb) if flags & ACK else (Seq(0),):
                yield Segment(seq, ack, flags, _WINDOW, length)


def _sequence_numbers(tcb: Tcb) -> tuple[Seq, ...]:
    left = tcb.rcv_nxt or _T
    offsets = (-100, -4, -3, -1, 0, 1, 10, _WINDOW - 1, _WINDOW, 1 << 20)
    return tuple(dict.fromkeys((tcb.irs, *(left + offset for offset in offsets))))


def _acknowledgments(tcb: Tcb) -> tuple[Seq, ...]:
    una, nxt = tcb.snd_una or _P, tcb.snd_nxt or _P
    return tuple(dict.fromkeys((una - (1 << 30), una - 1, una, nxt, nxt + 1, nxt + 1000)))
