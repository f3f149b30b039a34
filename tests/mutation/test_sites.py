"""The places that can be changed: the same sample for the same seed, every change one that compiles and is another."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.equivalent import REASONS
from tests.mutation.sites import ROOT, Site, changed, sampled

FOLDERS = ("probe/spec", "probe/engine")


@pytest.fixture(scope="module")
def every() -> list[Site]:
    return sampled(FOLDERS, 0, 0)


def test_a_seed_gives_the_same_sample() -> None:
    one, same, other = (sampled(["probe/spec/text.py"], 30, seed) for seed in (1, 1, 2))
    assert one == same != other


def test_every_change_is_another_program_and_no_two_have_the_same_name(every: list[Site]) -> None:
    assert len({site.key for site in every}) == len(every) > 10_000
    for site in every[::200]:
        tree = changed(site)
        compile(tree, site.path, "exec", dont_inherit=True)
        assert ast.unparse(tree) != ast.unparse(ast.parse((ROOT / site.path).read_text(encoding="utf-8"))), site.key


def test_what_was_read_is_still_there(every: list[Site]) -> None:
    assert set(REASONS) <= {site.key for site in every}
