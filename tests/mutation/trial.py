"""One mutant against the tests that concern it, in a process of its own."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.reach import OPTIONS, Reach
from tests.mutation.sites import ROOT, Site, changed

PROFILE = "mutation"
"""The profile of Hypothesis here: the same examples each time, none kept, none made smaller."""
_SLOWER = 4
_START = 20.0
"""Seconds until the tests run, on a busy machine."""


class Word(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "killed: it hung"
    SURVIVED = "survived"
    UNREACHED = "no test runs it"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant, what became of it, and how many tests it met."""

    site: Site
    word: Word
    tests: int


class _Loader(SourceFileLoader):
    """Loads one module with the change made."""

    def __init__(self, name: str, path: str, site: Site) -> None:
        super().__init__(name, path)
        self.site = site

    def get_code(self, fullname: str) -> CodeType:
        return compile(changed(self.site), self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, site: Site) -> None:
        self.site = site

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self.site.module:
            return None
        file = str(ROOT / self.site.path)
        places = [str((ROOT / self.site.path).parent)] if file.endswith("__init__.py") else None
        loader = _Loader(fullname, file, self.site)
        return importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=places)


class _Chosen:
    """Of what is collected these tests, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.order = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda item: self.order[item.nodeid])


def prepare() -> None:
    """Once, before the first trial: what every child needs is loaded here, and nothing of ours."""
    settings.register_profile(
        PROFILE,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    os.environ["HYPOTHESIS_PROFILE"] = PROFILE
    for name in ("numpy", "scapy.layers.inet", "scapy.layers.inet6", "click", "pyroute2"):
        importlib.import_module(name)
    assert not any(name.partition(".")[0] == "probe" for name in sys.modules)


def tried(site: Site, reach: Reach, budget: float) -> Trial:
    """The mutant meets its tests, the quickest first, as far as ``budget`` seconds of their usual time go."""
    tests: list[str] = []
    spent = 0.0
    for test in reach.of(site):
        spent += reach.tests[test][0]
        if tests and spent > budget:
            break
        tests.append(test)
    if not tests:
        return Trial(site, Word.UNREACHED, 0)
    return Trial(site, met(site, tests, _START + _SLOWER * spent), len(tests))


def met(site: Site | None, tests: Sequence[str], patience: float) -> Word:
    """What becomes of it at these tests; without a site, of the code as it is."""
    child = multiprocessing.get_context("fork").Process(target=_meet, args=(site, tests))
    child.start()
    child.join(patience)
    if child.is_alive():
        child.kill()
        child.join()
        return Word.HUNG
    return Word.KILLED if child.exitcode else Word.SURVIVED


def _meet(site: Site | None, tests: Sequence[str]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    if site is not None:
        sys.meta_path.insert(0, _Finder(site))
    files = sorted({test.partition("::")[0] for test in tests})
    os._exit(pytest.main([*OPTIONS, "-x", *files], plugins=[_Chosen(tests)]))
