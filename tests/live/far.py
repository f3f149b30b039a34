"""A second network namespace behind a veth pair: a machine next door, without a name and gone with its holder."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Self

from probe.spec.segment import Endpoint
from probe.wire.namespace import inside
from tests.helpers.processes import started

PREFIXES = {4: 24, 6: 64}
NEAR = {4: "10.77.0.1", 6: "fd77::1"}
FAR = {4: "10.77.0.2", 6: "fd77::2"}
_HOLDER = "from probe.wire.namespace import enter_private; enter_private(); print(flush=True); input()"
_NODAD = 0x02  # linux/if_addr.h: use an IPv6 address at once
_COUNT = itertools.count()


class Holder:
    """A private network namespace with nothing but its loopback, held by a process; as a context manager."""

    def __init__(self) -> None:
        self._exits = ExitStack()
        self._holder: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """A process in the namespace, for ``probe.wire.namespace.inside``."""
        assert self._holder is not None
        return self._holder.pid

    def __enter__(self) -> Self:
        self._holder = started([sys.executable, "-c", _HOLDER], self._exits)
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program over there; it ends with this object."""
        with inside(self.pid):
            return started(command, self._exits)

    def serve_target(self) -> int:
        """A `probe target` on every address over there: its port."""
        process = self.start([sys.executable, "-m", "probe.target", "--host", "*"])
        assert process.stdout is not None
        return int(process.stdout.readline().rpartition(":")[2])


class Far(Holder):
    """The other end of a veth pair: our side has ``near``, the other ``far`` (IP version -> address).

    ``addressed`` False gives the other end's kernel no address: a stack in a process shall answer there (tests.lwip).
    """

    near, far = NEAR, FAR

    def __init__(self, *, addressed: bool = True) -> None:
        super().__init__()
        number = next(_COUNT)
        self.interface = f"near{number}"
        self.other = f"far{number}"
        self._addressed = addressed

    def __enter__(self) -> Self:
        super().__enter__()
        self._wire()
        return self

    def start_target(self) -> dict[int, Endpoint]:
        """A `probe target` over there: IP version -> endpoint."""
        port = self.serve_target()
        return {version: Endpoint(address, port) for version, address in FAR.items()}

    def _wire(self) -> None:
        """Our end here, the other one in the holder's namespace, addresses on both."""
        from pyroute2 import IPRoute

        with IPRoute() as ours:
            ours.link("add", ifname=self.interface, kind="veth", peer={"ifname": self.other, "net_ns_pid": self.pid})
            self._exits.callback(self._unwire)
            _configure(ours, self.interface, NEAR)
        with inside(self.pid), IPRoute() as theirs:
            _configure(theirs, self.other, FAR if self._addressed else {})

    def _unwire(self) -> None:
        """At once, where the kernel would take its time after the holder's end."""
        from pyroute2 import IPRoute

        with IPRoute() as ours:
            ours.link("del", index=ours.link_lookup(ifname=self.interface)[0])


def _configure(route: Any, interface: str, addresses: dict[int, str]) -> None:  # noqa: ANN401  # pyroute2 is untyped
    index = route.link_lookup(ifname=interface)[0]
    route.link("set", index=index, state="up")
    for version, address in addresses.items():
        flags = {"flags": _NODAD} if version == 6 else {}
        route.addr("add", index=index, address=address, prefixlen=PREFIXES[version], **flags)
