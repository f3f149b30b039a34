"""Two stacks that relay, met from the namespace they serve: what they do otherwise than the RFC is pinned."""

from __future__ import annotations

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from tests.helpers.relays import relay
from tests.live.deviations import LIBSLIRP, PASST, Deviation, found, pinned

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(("name", "rows"), [("slirp4netns", LIBSLIRP), ("pasta", PASST)])
def test_exactly_its_deviations_are_found(name: str, rows: tuple[Deviation, ...], private_net: None) -> None:
    only = ("open", "close-by-peer", *(row.exchange for row in rows))
    with relay(name) as endpoints:
        # One at a time: passt never comes back from two segments of a new connection that it reads in one go.
        run = check(endpoints[4], CheckOptions(only=only, parallel=1, trigger="target"))
    assert found(run) == pinned(rows), [(e.id, e.verdict, e.reason) for e in run.exchanges]
