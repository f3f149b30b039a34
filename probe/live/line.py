"""Where a run stands: held ports, the raw line over them, the peer's kernel and application where they can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from probe.live.options import ListenOptions, Options
from probe.spec.segment import Endpoint
from probe.wire.addresses import zone_suffix
from probe.wire.ask import Asker
from probe.wire.craft import warm
from probe.wire.guard import PortPool
from probe.wire.link import Link
from probe.wire.raw import RawLink, SeveralLinks
from probe.wire.route import RouteWatch, find_route
from probe.wire.sockdiag import KernelTable

EVERYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - held and guarded: nothing but crafted segments answers there


@dataclass(frozen=True, slots=True)
class Line:
    """``table`` is our own kernel's, which knows the peer's state where the peer is ``local``, of this machine.

    ``mtu`` octets are the largest packet that leaves towards the peer (None: towards whom is not known yet). ``route``
    raises DownError once packets leave another way.
    """

    link: Link
    pools: tuple[PortPool, ...]
    table: KernelTable
    local: bool
    asker: Asker | None
    mtu: int | None = None
    route: RouteWatch | None = None

    @property
    def pool(self) -> PortPool:
        """The source ports towards a single target."""
        return self.pools[0]

    @property
    def caveat(self) -> str:
        """What the guard of the ports does not keep out, as a sentence; empty where it keeps out everything."""
        return next((pool.caveat for pool in self.pools if pool.caveat), "")


@contextmanager
def open_line(target: Endpoint, options: Options, before: int = 0) -> Iterator[Line]:
    """Open everything towards ``target``; WireError or TargetError where that cannot be. All is closed at the end.

    Packets are numbered on from ``before``, those of an earlier line of the same run.
    """
    source, interface = options.source, options.interface
    route = find_route(target.address, source=source, interface=interface)
    with (
        PortPool(route.source, guarded=options.guarded) as pool,
        RawLink(target.address, source=source, interface=interface, pool=pool, before=before) as link,
        KernelTable() as table,
        Asker(target, zone=zone_suffix(target.address, interface)) as asker,
    ):
        pool.spared.add(target.port)
        watch = None if route.local else RouteWatch(route, source=source, interface=interface)
        yield Line(link, (pool,), table, route.local, asker, route.mtu, watch)


@contextmanager
def open_port(port: int, options: ListenOptions) -> Iterator[Line]:
    """Hold ``port``, on the source given or everywhere; WireError where that cannot be. All is closed at the end."""
    warm()  # before a client comes: its first SYN would wait for what is loaded, and be sent again
    with ExitStack() as exits:
        links: list[RawLink] = []
        for source in [options.source] if options.source else [EVERYWHERE[version] for version in options.versions]:
            pool = exits.enter_context(PortPool(source))
            links.append(RawLink(None, source=source, interface=options.interface, pool=pool, ports=[port]))
        link = exits.enter_context(SeveralLinks(links))
        table, ask = exits.enter_context(KernelTable()), options.ask
        zone = zone_suffix(ask.address, options.interface) if ask else ""
        asker = exits.enter_context(Asker(ask, zone=zone)) if ask else None
        yield Line(link, tuple(made.pool for made in links), table, local=False, asker=asker)
