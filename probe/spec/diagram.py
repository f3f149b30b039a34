"""The state diagram and the table of SEGMENT ARRIVES, printed from the oracle itself: nothing here is kept by hand.

``probe/spec/README.md`` shows both; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.rows import ROWS
from probe.spec.segment import ACK, FIN, RST, SYN, Segment, flags_name
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

_WINDOW = 65535
_KINDS = (SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK)
_ISS = Seq(7000)
_IRS = Seq(3000)
Edge = tuple[State, State, str]


def edges() -> list[Edge]:
    """Every change of state the oracle knows, found by walking it from CLOSED and LISTEN: (from, to, cause / reply)."""
    seen: set[tuple[object, ...]] = set()
    todo = [Tcb(State.CLOSED), Tcb(State.LISTEN, listening=True)]
    found: dict[Edge, None] = {}
    while todo:
        tcb = todo.pop(0)
        # Numbers grow from connection to connection; what matters for the walk does not.
        kind = (tcb.state, tcb.passive, tcb.listening, tcb.fin_received, tcb.fin_acked)
        if kind in seen:
            continue
        seen.add(kind)
        for after, cause in _steps(tcb):
            if after.state is not tcb.state:
                found[(tcb.state, after.state, cause)] = None
            todo.append(after)
    order = list(State)
    return sorted(found, key=lambda e: (order.index(e[0]), order.index(e[1]), e[2]))


def _steps(tcb: Tcb) -> Iterator[tuple[Tcb, str]]:
    for segment in _stimuli(tcb):
        for reaction in arrives(tcb, segment):
            reply = f" / {flags_name(reaction.reply.flags)}" if reaction.reply else ""
            yield _bound(reaction.next), f"{_cause(tcb, segment)}{reply}"
    yield from _calls(tcb)


def _cause(tcb: Tcb, segment: Segment) -> str:
    name = flags_name(segment.flags)
    covers = tcb.awaits_fin_ack and segment.flags & ACK and segment.ack == tcb.snd_nxt and not segment.flags & RST
    return f"{name} of our FIN" if covers else name


def _stimuli(tcb: Tcb) -> Iterator[Segment]:
    """The kinds of segment that can move a connection, at the numbers the end expects."""
    seq = tcb.rcv_nxt if tcb.irs else _IRS
    for kind in _KINDS:
        for ack in dict.fromkeys((tcb.snd_nxt, tcb.snd_una)):
            if kind & ACK or ack == tcb.snd_nxt:
                yield Segment(seq, ack if kind & ACK else Seq(0), kind, _WINDOW)


def _calls(tcb: Tcb) -> Iterator[tuple[Tcb, str]]:
    if tcb.state is State.CLOSED and not tcb.listening:
        yield calls.opened(tcb, Segment(_ISS, flags=SYN, window=_WINDOW)), "OPEN / SYN"
    for name in (calls.CLOSE, calls.ABORT):
        segment = calls.call_segment(tcb, name)
        if segment is not None:
            for emission in calls.emitted(tcb, segment):
                yield emission.next, f"{name} / {flags_name(segment.flags)}"
    if tcb.state is State.TIME_WAIT:
        yield tcb.gone(), "2MSL timeout"


def _bound(tcb: Tcb) -> Tcb:
    """The block once its own SYN,ACK is out (the oracle leaves the ISS to the stack)."""
    known = replace(tcb, rcv_wnd=_WINDOW) if tcb.state is not State.CLOSED else tcb
    if known.state is not State.SYN_RECEIVED or known.iss is not None:
        return known
    return replace(known, iss=_ISS, snd_una=_ISS, snd_nxt=_ISS + 1)


def mermaid() -> str:
    """The state diagram in Mermaid; causes of the same change of state share an arrow."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for before, after, cause in edges():
        arrows.setdefault((before, after), []).append(cause)
    names = {state: state.value.replace("-", "_") for state in State}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.value}" as {names[state]}' for state in State]
    lines += [f"    {names[a]} --> {names[b]}: {', '.join(causes)}" for (a, b), causes in arrows.items()]
    return "\n".join([*lines, "```"])


def markdown_table() -> str:
    """The rows of SEGMENT ARRIVES as a Markdown table."""
    lines = ["| row | state | arrives | permitted | clause | level |", "|---|---|---|---|---|---|"]
    for row_id, row in ROWS.items():
        cells = (row_id, row.states, row.condition, row.reaction, row.clause, row.level)
        lines.append("| " + " | ".join(cell.replace("<", "&lt;").replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
