"""Joins engine and wire: the live check. Its results are plain frozen records of ``probe.engine.verdict``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probe.session.live_check import check
    from probe.session.options import CheckOptions

__all__ = ["CheckOptions", "check"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # what a module holds
    """Import the live check when it is asked for: a replay, and its workers, begin sooner without it.

    No module here may be called ``check``: once imported, it would stand in the function's place.
    """
    if name == "check":
        from probe.session.live_check import check

        return check
    if name == "CheckOptions":
        from probe.session.options import CheckOptions

        return CheckOptions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
