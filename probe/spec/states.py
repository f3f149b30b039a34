"""The eleven states (RFC 9293 section 3.3.2) under the RFC's own names."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class State(StrEnum):
    """A connection state of RFC 9293 section 3.3.2."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"


def names(states: Collection[State]) -> tuple[str, ...]:
    """Their names, in the order of the RFC's list."""
    return tuple(state.value for state in State if state in states)


SYNCHRONIZED = frozenset(State) - {State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED}
"""The states in which both ISNs are known to both ends (RFC 9293 section 3.5.2 group 3)."""

FIN_SENT = frozenset({State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT})
"""The states whose own FIN has been sent."""

FIN_UNACKED = frozenset({State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK})
"""The states whose own FIN has been sent and is not acknowledged."""

SENDING = frozenset({State.ESTABLISHED, State.CLOSE_WAIT})
"""The states in which new data may be sent (RFC 9293 section 3.10.2)."""
