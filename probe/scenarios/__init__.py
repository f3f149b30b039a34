"""The exchanges: what the tester sends and when it waits. What the peer owes in return comes from ``probe.spec``.

Read ``steps`` first (the words an exchange is written in, up to the states a peer is brought into), then ``triggers``
(how the peer's application is brought to act), then any exchange: one file each, ten to twenty lines, purpose first.
They lie in topics, which is also the order of reports::

    opening  closing  reset  active  listening  old_duplicates  time_wait  acceptability  options  header

To add one, write a file that defines ``SCENARIO`` into its topic; it is found by itself::

    SCENARIO = Scenario(
        id="abort-by-us",
        title="abort by our RST",
        steps=(*OPEN, Send("R"), Question(), Wait(Span.SILENCE)),
        shows=("rst.exact-resets", "listen.ack-gets-rst"),
        clause="RFC 9293 3.5.3; 3.10.7.4 second",
    )

``ALL["open"]`` is the plain three-way handshake.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from probe.scenarios.steps import Scenario

TOPICS = (
    "opening",
    "closing",
    "reset",
    "active",
    "listening",
    "old_duplicates",
    "time_wait",
    "acceptability",
    "options",
    "header",
)
"""The folders, in the order of reports."""

ALL: dict[str, Scenario]
"""Exchange id -> scenario, in report order: by topic, the topic's documented ones (``FIRST``), the others by name."""


def __getattr__(name: str) -> Any:  # noqa: ANN401  # what a module holds
    """Load the exchanges at the first use: most of the package needs only the words they are written in."""
    if name != "ALL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: dict[str, Scenario] = {}
    for topic in TOPICS:
        package = importlib.import_module(f"{__name__}.{topic}")
        first: tuple[str, ...] = getattr(package, "FIRST", ())
        others = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name not in first)
        for module in (*first, *others):
            scenario: Scenario = importlib.import_module(f"{package.__name__}.{module}").SCENARIO
            found[scenario.id] = scenario
    globals()["ALL"] = found
    return found
