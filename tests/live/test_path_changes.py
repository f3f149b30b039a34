"""A path that changes while a check runs: the run ends in one sentence, what was judged stays, nobody is accused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from tests.helpers.paths import Chain

pytestmark = pytest.mark.timeout(100)
SOME = 20
"""So many exchanges have a verdict when it changes."""


def down(chain: Chain) -> Sequence[Sequence[str]]:
    return [["ip", "link", "set", chain.device(0), "down"]]


def gone(chain: Chain) -> Sequence[Sequence[str]]:
    return [["ip", "link", "del", chain.device(0)], ["ip", "link", "add", chain.device(0), "type", "veth"]]


def unrouted(chain: Chain) -> Sequence[Sequence[str]]:
    return [["ip", "route", "del", f"{chain.host[4].rpartition('.')[0]}.0/24"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [(down, ("down", "no route")), (gone, ("down", "no route", "gone")), (unrouted, ("no route",))],
    ids=["interface down", "interface gone", "route gone"],
)
def test_a_path_that_changes_ends_the_run_and_costs_no_result(
    change: Callable[[Chain], Sequence[Sequence[str]]], said: tuple[str, ...], private_net: None
) -> None:
    with Chain(routers=1) as chain:
        todo = list(change(chain))

        def progress(done: int, total: int) -> None:
            while done >= SOME and todo:
                chain.run(todo.pop(0), 0)

        run = check(chain.start_target()[4], CheckOptions(seed=1, trigger="target", progress=progress))
    words = [e.verdict for e in run.exchanges]
    assert any(word in run.trouble for word in said), run.trouble
    assert run.interrupted
    assert words.count(Verdict.PASS) >= SOME - 5
    assert Verdict.FAIL not in words, [(e.id, e.reason) for e in run.exchanges if e.verdict is Verdict.FAIL]
    assert words.count(Verdict.INCONCLUSIVE) > 0
