"""Joins engine and wire: the live check. Its results are plain frozen records of ``probe.engine.verdict``."""

from probe.session.check import check
from probe.session.options import CheckOptions

__all__ = ["CheckOptions", "check"]
