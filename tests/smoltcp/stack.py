"""smoltcp behind a TUN device, in a namespace of its own together with the tester."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from probe.spec.segment import Endpoint
from probe.wire.namespace import inside, pdeathsig
from tests.live.far import Holder

_PEER = Path(__file__).with_name("peer.py")
_DEVICE = "smol0"
_US, _ANSWERED = "10.9.0.1", Endpoint("10.9.0.2", 80)
"""It answers for any address that is routed to it, at any port."""


@contextmanager
def smoltcp() -> Iterator[Endpoint]:
    """Where the web server on it is reached; the block runs in its namespace.

    Skips the test, with the reason, where the package that has it is not installed.
    """
    if importlib.util.find_spec("mitmproxy_rs") is None:
        pytest.skip("smoltcp is not installed (mitmproxy_rs, from PyPI)")
    with ExitStack() as exits:
        inner = exits.enter_context(Holder())
        exits.enter_context(inside(inner.pid))
        process = subprocess.Popen(
            [sys.executable, str(_PEER), _DEVICE],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=pdeathsig,  # noqa: PLW1509
        )
        exits.callback(_end, process)
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == "listening\n", f"smoltcp did not start: {said or 'it said nothing'}"
        _route()
        yield _ANSWERED


def _route() -> None:
    from pyroute2 import IPRoute

    with IPRoute() as route:
        index = route.link_lookup(ifname=_DEVICE)[0]
        route.addr("add", index=index, address=_US, prefixlen=24)
        route.link("set", index=index, state="up")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=10)
