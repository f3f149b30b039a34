"""Two stacks that relay, met from the namespace they serve: what they do otherwise than the RFC is pinned."""

from __future__ import annotations

import pytest

from tests.live.found import in_check, known, of_relay

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(("name", "stack"), [("slirp4netns", "libslirp"), ("pasta", "passt")])
def test_exactly_its_deviations_are_found(name: str, stack: str, private_net: None) -> None:
    asked = sorted({exchange for exchange, _, _ in known(stack)})
    run = of_relay(name, ("open", "close-by-peer", *asked))
    assert in_check(run.exchanges) == known(stack), [(e.id, e.verdict, e.reason) for e in run.exchanges]
