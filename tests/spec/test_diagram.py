"""The generated diagram: the oracle has every arrow of Figure 5."""

from __future__ import annotations

import pytest

from probe.spec.states import State
from tests.spec.diagram import edges

# RFC 9293 section 3.3.2 Figure 5, by hand: from, to, part of the cause. CLOSED -> LISTEN and LISTEN -> SYN-SENT are
# calls that the wire does not show.
FIGURE_5 = [
    (State.CLOSED, State.SYN_SENT, "OPEN / SYN"),
    (State.LISTEN, State.SYN_RECEIVED, "SYN / SYN+ACK"),
    (State.SYN_SENT, State.SYN_RECEIVED, "SYN / SYN+ACK"),
    (State.SYN_SENT, State.ESTABLISHED, "SYN+ACK / ACK"),
    (State.SYN_RECEIVED, State.ESTABLISHED, "ACK"),
    (State.SYN_RECEIVED, State.FIN_WAIT_1, "CLOSE / FIN+ACK"),
    (State.SYN_RECEIVED, State.LISTEN, "RST"),
    (State.ESTABLISHED, State.FIN_WAIT_1, "CLOSE / FIN+ACK"),
    (State.ESTABLISHED, State.CLOSE_WAIT, "FIN+ACK / ACK"),
    (State.FIN_WAIT_1, State.FIN_WAIT_2, "ACK of our FIN"),
    (State.FIN_WAIT_1, State.CLOSING, "FIN+ACK / ACK"),
    (State.FIN_WAIT_1, State.TIME_WAIT, "FIN+ACK of our FIN / ACK"),
    (State.CLOSE_WAIT, State.LAST_ACK, "CLOSE / FIN+ACK"),
    (State.FIN_WAIT_2, State.TIME_WAIT, "FIN+ACK / ACK"),
    (State.CLOSING, State.TIME_WAIT, "ACK of our FIN"),
    (State.LAST_ACK, State.CLOSED, "ACK of our FIN"),
    (State.TIME_WAIT, State.CLOSED, "2MSL timeout"),
]


@pytest.mark.parametrize("arrow", FIGURE_5, ids=lambda a: f"{a[0]}-{a[1]}")
def test_figure_5_is_there(arrow: tuple[State, State, str]) -> None:
    assert arrow in edges()


def test_no_arrow_that_figure_5_lacks_but_resets_and_new_connections() -> None:
    known = {(before, after) for before, after, _ in FIGURE_5}
    others = {(before, after) for before, after, _ in edges()} - known
    # A FIN on the third segment; an abort or a RST; RFC 6191 reopens TIME-WAIT. Row C2: nothing leads from CLOSED.
    explained = {(State.SYN_RECEIVED, State.CLOSE_WAIT)}
    explained |= {(State.TIME_WAIT, State.SYN_RECEIVED)} | {(state, State.CLOSED) for state in State}
    assert others <= explained
