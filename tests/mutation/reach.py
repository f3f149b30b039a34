"""Which tests run which functions of ours, and how long each takes: learnt in one run that is traced."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

import pytest

from tests.mutation.sites import ROOT, Site

ROOMS = ("spec", "engine", "scenarios", "results", "recording")
TESTS = tuple(f"tests/{room}" for room in ROOMS)
"""The rooms whose tests concern the oracle and the engine, without a network."""
_LOADED = "ignore::pytest.PytestAssertRewriteWarning"  # Hypothesis is loaded once, for all trials
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not live", "--tb=no", "-W", _LOADED)

Ran = tuple[float, list[str]]
"""Seconds, and the functions that were entered, ``path:qualified name``."""


@dataclass(slots=True)
class Reach:
    """Node id of a test -> what it ran."""

    tests: dict[str, Ran] = field(default_factory=dict)

    def of(self, site: Site) -> list[str]:
        """The tests that ran the site's function, quickest first.

        Outside of a function those that ran any of its file, and where it has none all: what it says is used elsewhere.
        """
        place = f"{site.path}:{site.function}"
        if site.function:
            found = [test for test, (_, ran) in self.tests.items() if place in ran]
        else:
            found = [test for test, (_, ran) in self.tests.items() if any(one.startswith(place) for one in ran)]
            found = found or list(self.tests)
        return sorted(found, key=lambda test: self.tests[test][0])


def learnt(kept: Path) -> Reach:
    """From the file where it is kept; else from a run of the tests, and kept there."""
    if kept.exists():
        return Reach({test: (seconds, ran) for test, (seconds, ran) in json.loads(kept.read_text()).items()})
    plugin = _Tracing(Reach())
    if pytest.main([*OPTIONS, *TESTS], plugins=[plugin]) != pytest.ExitCode.OK:
        sys.exit(1)
    kept.write_text(json.dumps(plugin.reach.tests))
    return plugin.reach


class _Tracing:
    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self._entered: dict[int, CodeType] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._entered.clear()
        began = time.process_time()
        sys.settrace(self._called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            places = {_place(code) for code in self._entered.values()}
            self.reach.tests[item.nodeid] = time.process_time() - began, sorted(places - {""})

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        """Called where a function is entered; it wants to hear of no line of it."""
        self._entered[id(frame.f_code)] = frame.f_code


def _place(code: CodeType) -> str:
    path = Path(code.co_filename)
    if not path.is_relative_to(ROOT / "probe"):
        return ""
    return f"{path.relative_to(ROOT).as_posix()}:{code.co_qualname.partition('.<locals>')[0]}"
