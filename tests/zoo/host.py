"""A host of the model: ports that listen, connections by flow, time as an argument; packets in, packets out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from probe.spec.segment import Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb
from probe.target.verbs import Dial
from tests.zoo.applications import Target
from tests.zoo.connection import Application, Connection, Limit
from tests.zoo.traits import Traits


class EndedError(Exception):
    """The stack is gone, with its interface."""


Outgoing = tuple[Flow, Segment]
_EPHEMERAL = (40000, 60000)


@dataclass
class Host:
    """``ports`` maps a port that listens to what makes its applications; None stands for `probe target`.

    ``seed`` makes initial sequence numbers repeatable.
    """

    traits: Traits = field(default_factory=Traits)
    ports: dict[int, Callable[[], Application] | None] = field(default_factory=lambda: {7000: None})
    seed: int = 0
    connections: dict[Flow, Connection] = field(default_factory=dict)
    _inbox: list[tuple[float, Flow, Segment]] = field(default_factory=list)
    _hung: bool = False
    _opening: list[tuple[Flow, Connection]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._last = Seq(self._random.getrandbits(32))
        self._limit = Limit()

    def receive(self, flow: Flow, segment: Segment, now: float) -> Iterator[Outgoing]:
        """A segment for this host; ``flow`` is written from its side. What it sends; EndedError where it aborts."""
        end = self.traits.ends(segment)
        if end == "abort":
            raise EndedError
        self._hung = self._hung or end == "hang"
        if self._hung:
            return
        if self.traits.poll:  # looked at when the stack's loop comes round
            due = (now // self.traits.poll + 1) * self.traits.poll
            self._inbox.append((due, flow, segment))
            return
        yield from self._process(flow, segment, now)

    def _process(self, flow: Flow, segment: Segment, now: float) -> Iterator[Outgoing]:
        connection = self.connections.get(flow)
        if connection is None:
            connection = self._fresh(flow)
        connection.arrives(segment, now)
        yield from self._taken(flow, connection)

    def _fresh(self, flow: Flow) -> Connection:
        listening = flow.local.port in self.ports
        make = self.ports.get(flow.local.port)
        application = make() if make is not None else Target(lambda dial, app: self._dial(flow, dial, app))
        block = Tcb(State.LISTEN, listening=True) if listening else Tcb(State.CLOSED)
        return Connection(block, self.traits, application, self._isn, self._limited())

    def _limited(self) -> Limit:
        return self._limit if self.traits.per_host else Limit()

    def _isn(self) -> Seq:
        match self.traits.isn:
            case "zero":
                return Seq(0)
            case "same":
                pass
            case "steps":
                self._last += 64000  # 4.2BSD's increment for each connection
            case _:
                self._last = Seq(self._random.getrandbits(32))
        return self._last

    def _taken(self, flow: Flow, connection: Connection) -> Iterator[Outgoing]:
        if connection.tcb.state in (State.CLOSED, State.LISTEN) and connection.wakes_at is None:
            self.connections.pop(flow, None)
        else:
            self.connections[flow] = connection
        out, connection.out = connection.out, []
        for segment in out:
            yield flow, segment

    def _dial(self, flow: Flow, dial: Dial, application: Application) -> None:
        local = Endpoint(flow.local.address, dial.source_port or self._random.randint(*_EPHEMERAL))
        opened = Flow(local, Endpoint(dial.address, dial.port))
        block = Tcb(State.CLOSED, passive=False)
        connection = Connection(block, self.traits, application, self._isn, self._limited(), room=dial.room or None)
        self.connections[opened] = connection
        self._opening.append((opened, connection))

    @property
    def wakes_at(self) -> float | None:
        """The next time ``woken`` is to be called."""
        if self._hung:
            return None
        times = [c.wakes_at for c in self.connections.values()] + [due for due, _, _ in self._inbox]
        if self._opening:
            return 0.0
        return min((t for t in times if t is not None), default=None)

    def woken(self, now: float) -> Iterator[Outgoing]:
        """Timers, what was polled, and connections to open."""
        if self._hung:
            return
        due = [(flow, segment) for at, flow, segment in self._inbox if at <= now]
        self._inbox = [entry for entry in self._inbox if entry[0] > now]
        for flow, segment in due:
            yield from self._process(flow, segment, now)
        opening, self._opening = self._opening, []
        for flow, connection in opening:
            connection.opens(now)
            yield from self._taken(flow, connection)
        for flow, connection in list(self.connections.items()):
            wakes = connection.wakes_at
            if wakes is not None and wakes <= now:
                connection.woken(now)
                yield from self._taken(flow, connection)
