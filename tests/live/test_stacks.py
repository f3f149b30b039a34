"""Stacks of user space, met from the namespace they serve: what they do otherwise than the RFC is pinned."""

from __future__ import annotations

import pytest

from tests.live.found import in_check, known, of_relay, of_smoltcp

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(("name", "stack"), [("slirp4netns", "libslirp"), ("pasta", "passt")])
def test_exactly_its_deviations_are_found(name: str, stack: str, private_net: None) -> None:
    asked = sorted({exchange for exchange, _, _ in known(stack)})
    run = of_relay(name, ("open", "close-by-peer", *asked))
    assert in_check(run.exchanges) == known(stack), [(e.id, e.verdict, e.reason) for e in run.exchanges]


def test_smoltcp_departs_as_known_and_opens_and_closes_as_it_must(private_net: None) -> None:
    asked = sorted({exchange for exchange, _, _ in known("smoltcp")})
    run = of_smoltcp(("open", "close-by-us", "close-by-peer", *asked))
    assert in_check(run.exchanges) == known("smoltcp"), [(e.id, e.verdict, e.reason) for e in run.exchanges]
    assert not run.warnings  # it ignores SYNs on a connection: no sign of a full backlog
