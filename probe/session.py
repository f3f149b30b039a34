"""The Python interface: what the commands do, for programs. Everything else in the package may change.

``check`` judges a live peer (Linux, CAP_NET_RAW), ``replay`` judges captures (anywhere); both return frozen records::

    from probe.session import CheckOptions, check
    from probe.spec.segment import Endpoint

    run = check(Endpoint("192.0.2.7", 80), CheckOptions(only=("open", "close-by-us")))
    for exchange in run.exchanges:
        print(exchange.id, exchange.verdict, [finding.rule for finding in exchange.findings])

The results are records of ``probe.results``; the oracle itself is ``probe.spec.arrives.arrives(tcb, segment)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probe.live.check import check
    from probe.live.options import CheckOptions
    from probe.replay.run import ReplayOptions, replay

__all__ = ["CheckOptions", "ReplayOptions", "check", "replay"]

_HOMES = {
    "CheckOptions": "probe.live.options",
    "ReplayOptions": "probe.replay.run",
    "check": "probe.live.check",
    "replay": "probe.replay.run",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # what a module holds
    """Import what is asked for, and no more: a replay needs no raw sockets, a check no NumPy."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
