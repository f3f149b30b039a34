"""Two stacks that relay, each behind a tap device of its own namespace: libslirp (slirp4netns) and passt (pasta).

The tester stands in the inner namespace; what answers it there is the relay's own TCP, which connects to a
`probe target` in the outer namespace through sockets of the kernel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from probe.spec.segment import Endpoint
from probe.wire.namespace import inside, pdeathsig
from tests.captures.stage import pause
from tests.live.far import NEAR, Far, Holder

PACKAGES = {"slirp4netns": "slirp4netns", "pasta": "passt"}
_READY = 20.0
"""Seconds a relay may take to bring its device up; a loaded machine keeps that."""
_SLIRP = {4: "10.0.2.2", 6: "fd00::2"}
"""Where libslirp answers for the host's loopback (slirp4netns(1))."""
_NODAD = 0x02  # linux/if_addr.h: use an IPv6 address at once


@contextmanager
def relay(name: str) -> Iterator[dict[int, Endpoint]]:
    """IP version -> where the `probe target` behind that relay is reached; the block runs in the inner namespace.

    ``name`` is slirp4netns or pasta. Skips the test, with the reason, where the program is not installed.
    """
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed ({PACKAGES[name]})")
    with ExitStack() as exits:
        outer, inner = exits.enter_context(Far()), exits.enter_context(Holder())
        with inside(outer.pid):
            _default_routes()
        port = outer.start_target()[4].port
        descriptor = os.open(f"/proc/{inner.pid}/ns/net", os.O_RDONLY)
        exits.callback(os.close, descriptor)
        command = _slirp(inner.pid) if name == "slirp4netns" else _pasta(descriptor)
        with inside(outer.pid):
            process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                preexec_fn=pdeathsig,  # noqa: PLW1509
            )
        exits.callback(_end, process)
        exits.enter_context(inside(inner.pid))
        _wait_for_routes(process, name)
        addresses = _SLIRP if name == "slirp4netns" else NEAR
        yield {version: Endpoint(address, port) for version, address in addresses.items()}


def _slirp(pid: int) -> list[str]:
    return ["slirp4netns", "--configure", "--enable-ipv6", "--mtu=1500", "--disable-dns", str(pid), "tap0"]


def _pasta(descriptor: int) -> list[str]:
    """By descriptor: pasta has given its capabilities away before it would open a path of another process."""
    nothing = [word for option in ("-t", "-T", "-u", "-U") for word in (option, "none")]
    where = ["--no-netns-quit", "--netns", f"/proc/self/fd/{descriptor}"]
    return ["pasta", "--foreground", "--quiet", "--runas", "0:0", "--config-net", "--mtu", "1500", *nothing, *where]


def _default_routes() -> None:
    """pasta answers for the gateway of the default route; nothing needs to be there."""
    from pyroute2 import IPRoute

    with IPRoute() as route:
        index = next(link["index"] for link in route.get_links() if link.get_attr("IFLA_IFNAME") != "lo")
        for address, anywhere in ((NEAR[4], "0.0.0.0/0"), (NEAR[6], "::/0")):
            route.route("add", dst=anywhere, gateway=address, oif=index)


def _wait_for_routes(process: subprocess.Popen[bytes], name: str) -> None:
    """Until the inner namespace has a device with an IPv4 address; its IPv6 address need not wait for anybody."""
    from pyroute2 import IPRoute

    deadline = time.monotonic() + _READY
    with IPRoute() as route:
        while True:
            found = [a["index"] for a in route.get_addr(family=2) if a.get_attr("IFA_LABEL") != "lo"]
            if found and route.get_default_routes(family=2):
                break
            assert process.poll() is None, f"{name} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{name} brings no device up"
            pause(0.05)
        if name == "slirp4netns":  # it would come by router advertisement, after seconds
            route.addr("add", index=found[0], address="fd00::100", prefixlen=64, flags=_NODAD)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)
