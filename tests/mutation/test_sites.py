"""The places that can be changed: the same sample for the same seed, every change one that compiles and is another."""

from __future__ import annotations

import ast

from tests.mutation.sites import ROOT, changed, sampled

FOLDERS = ("probe/spec", "probe/engine")


def test_a_seed_gives_the_same_sample() -> None:
    one, same, other = (sampled(["probe/spec/text.py"], 30, seed) for seed in (1, 1, 2))
    assert one == same != other


def test_every_change_is_another_program_and_no_two_have_the_same_name() -> None:
    every = sampled(FOLDERS, 0, 0)
    assert len({site.key for site in every}) == len(every) > 10_000
    for site in every[::200]:
        tree = changed(site)
        compile(tree, site.path, "exec", dont_inherit=True)
        assert ast.unparse(tree) != ast.unparse(ast.parse((ROOT / site.path).read_text(encoding="utf-8"))), site.key
