"""The state diagram and the table of SEGMENT ARRIVES, printed from the oracle itself: nothing here is kept by hand.

``probe/spec/README.md`` shows both; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.models import MODELS, TESTER_ISN, WINDOW
from probe.spec.rows import ROWS
from probe.spec.segment import ACK, KINDS, RST, SYN, Segment, flags_name, parse_flags
from probe.spec.seq import Seq
from probe.spec.states import FIN_UNACKED, State
from probe.spec.tcb import Tcb
from tests.helpers.sending import call_segment

Edge = tuple[State, State, str]


def edges() -> list[Edge]:
    """Every change of state the oracle knows, asked of the model of each state: (from, to, cause / reply)."""
    found: set[Edge] = set()
    for tcb in MODELS:
        found |= {(tcb.state, after, cause) for after, cause in (*_segments(tcb), *_calls(tcb)) if after != tcb.state}
    order = list(State)
    return sorted(found, key=lambda e: (order.index(e[0]), order.index(e[1]), e[2]))


def _segments(tcb: Tcb) -> Iterator[tuple[State, str]]:
    """The kinds of segment that can move a connection, at the numbers the end expects."""
    for kind in ("SYN", "SYN+ACK", "ACK", "FIN+ACK", "RST", "RST+ACK"):
        flags = parse_flags(KINDS[kind])
        for ack in (tcb.snd_nxt, tcb.snd_una) if flags & ACK else (Seq(0),):
            covers = tcb.state in FIN_UNACKED and flags & ACK and ack == tcb.snd_nxt and not flags & RST
            for reaction in arrives(tcb, Segment(tcb.rcv_nxt, ack, flags, WINDOW)):
                reply = f" / {flags_name(reaction.reply.flags)}" if reaction.reply else ""
                yield reaction.next.state, f"{kind}{' of our FIN' if covers else ''}{reply}"


def _calls(tcb: Tcb) -> Iterator[tuple[State, str]]:
    if tcb.state is State.CLOSED and not tcb.listening:
        yield calls.opened(tcb, Segment(TESTER_ISN, flags=SYN, window=WINDOW)).state, "OPEN / SYN"
    for name in (calls.CLOSE, calls.ABORT):
        if (segment := call_segment(tcb, name)) is not None:
            for emission in calls.emitted(tcb, segment):
                yield emission.next.state, f"{name} / {flags_name(segment.flags)}"
    if tcb.state is State.TIME_WAIT:
        yield State.CLOSED, "2MSL timeout"


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
