"""Errors of the line that a user can cause; each message is one sentence that names the cause and the mend."""

from __future__ import annotations


class WireError(Exception):
    """The line cannot be opened, held or used (exit code 4)."""


class DownError(WireError):
    """What leads to the peer went during the run: the interface, the route, or where the peer lives (exit code 4)."""


class TargetError(Exception):
    """The target as given makes no sense or cannot be found (exit code 2)."""


class UnansweredError(WireError):
    """The target gives no connection to judge: it refuses, is filtered or cannot be reached (exit code 3)."""
