"""Imports what a check needs at once, where it is otherwise left until it is needed."""

from __future__ import annotations

from importlib import import_module


def warm() -> None:
    """Load Scapy's layers and pyroute2, so that processes forked from here on have them already."""
    import_module("pyroute2")
    import_module("scapy.layers.inet")
    import_module("scapy.layers.inet6")
