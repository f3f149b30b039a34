"""Where a run against one target stands: held ports, the raw line, and the peer's kernel where that is ours too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from probe.spec.segment import Endpoint
from probe.wire.guard import PortPool
from probe.wire.raw import RawLink
from probe.wire.route import find_route
from probe.wire.sockdiag import KernelTable


@dataclass(frozen=True, slots=True)
class Line:
    """``table`` is None where the peer's kernel cannot be read; ``local``: the peer is of this machine."""

    link: RawLink
    pool: PortPool
    table: KernelTable | None
    local: bool


@contextmanager
def open_line(
    target: Endpoint, *, source: str | None = None, interface: str | None = None, guarded: bool = True
) -> Iterator[Line]:
    """Open everything towards ``target``; WireError or TargetError where that cannot be. All is closed at the end."""
    route = find_route(target.address, source=source, interface=interface)
    with (
        PortPool(route.source, guarded=guarded) as pool,
        RawLink(target.address, source=source, interface=interface, pool=pool) as link,
        KernelTable() as table,
    ):
        yield Line(link, pool, table if route.local and table.available else None, route.local)
