"""Two stacks that relay, met from the namespace they serve: what they do otherwise than the RFC is pinned."""

from __future__ import annotations

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Why
from tests.helpers.relays import relay
from tests.live.deviations import LIBSLIRP, PASST, Deviation, found, pinned

pytestmark = pytest.mark.timeout(300)
_RELAYS = 4
"""passt never comes back from two segments of a new connection that it reads in one go, as on a busy machine it does
even if there is one connection at a time: what it did otherwise is asked of another one."""


@pytest.mark.parametrize(("name", "rows"), [("slirp4netns", LIBSLIRP), ("pasta", PASST)])
def test_exactly_its_deviations_are_found(name: str, rows: tuple[Deviation, ...], private_net: None) -> None:
    only = ("open", "close-by-peer", *(row.exchange for row in rows))
    for _ in range(_RELAYS):
        with relay(name) as endpoints:
            run = check(endpoints[4], CheckOptions(only=only, parallel=1, trigger="target"))
        if not any(e.why is Why.DIED for e in run.exchanges):
            break
    assert found(run) == pinned(rows), [(e.id, e.verdict, e.reason) for e in run.exchanges]
