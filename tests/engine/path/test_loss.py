"""Loss as the controls of a run tell it, and that of SYNs apart from the rest."""

from __future__ import annotations

import pytest

from probe.engine.belief.events import Seen, Transcript
from probe.engine.path import readings
from probe.engine.path.loss import Controls, LossMeter
from probe.results.path import Loss
from probe.spec.segment import ACK, FIN, Segment
from probe.spec.seq import Seq


def test_a_silence_is_a_loss_where_another_attempt_was_answered() -> None:
    meter = LossMeter()
    meter.add("open", Controls((0, 1), (), (0,)))
    meter.add("open", Controls((), (0,), (0,)))
    meter.add("close", Controls((0,), (3,), (0, 3)))
    assert meter.loss == Loss(4, 1, syns=3, syns_lost=1)
    meter.add("close", Controls((0, 3), (), (0, 3)))
    assert meter.loss == Loss(7, 2, syns=6, syns_lost=2)
    assert meter.loss.others == Loss(1, 0)


def test_syns_are_told_apart_once_one_was_lost() -> None:
    """Three of 400 is below 2 % for all alike; of 20 SYNs, five are more than a third at most."""
    alike = Loss(400, 0, syns=20)
    assert alike.bound_of(syn=True) == alike.bound_of(syn=False) == pytest.approx(3 / 400, rel=0.01)
    limited = Loss(400, 5, syns=20, syns_lost=5)
    assert limited.bound_of(syn=True) == pytest.approx(0.456, abs=0.001)  # Clopper and Pearson, 5 of 20, 95 %
    assert limited.bound_of(syn=False) == pytest.approx(3 / 380, rel=0.01)
    lucky = Loss(186, 31, syns=48, syns_lost=2)
    assert lucky.bound_of(syn=True) == Loss(186, 31).bound > Loss(48, 2).bound


def test_rsts_are_told_apart_where_they_alone_get_lost() -> None:
    """Of 60 that asked for a RST 12 did in vain, of 340 others one."""
    limited = Loss(400, 13, resets=60, resets_lost=12)
    assert limited.limits_resets
    assert limited.bound_of(syn=False) == Loss(340, 1).bound
    assert not Loss(400, 40, resets=60, resets_lost=7).limits_resets


def test_a_rst_that_is_due_is_a_control_of_its_own() -> None:
    meter = LossMeter()
    meter.add("listen-ack", Controls((0, 1), (), (0,), (), (1,)))
    meter.add("listen-ack", Controls((0,), (1,), (0,), (), (1,)))
    assert meter.loss == Loss(4, 1, syns=2, resets=2, resets_lost=1)
    assert Controls((0,), (1,), (0,), (), (1,)).lost_reset


def test_a_syn_to_a_closed_port_may_meet_either_limit() -> None:
    """A limit on connections drops it like any SYN; it counts with the RSTs, which are limited by other rules."""
    refused = Controls((0,), (1,), (0, 1), (), (0, 1))
    assert refused.lost_syn
    assert refused.lost_reset
    meter = LossMeter()
    meter.add("closed", Controls((0, 1), (), (0, 1), (), (0, 1)))
    meter.add("closed", refused)
    assert meter.loss == Loss(4, 1, resets=4, resets_lost=1)


def test_what_met_silence_says_whether_it_was_a_syn() -> None:
    assert Controls((0,), (2,), (0, 2)).lost_syn
    assert not Controls((0,), (2,), (0,)).lost_syn


def test_where_empty_acks_alone_are_thinned_out_their_loss_counts() -> None:
    """Of 200 that are empty ACKs or ask for one 60 were lost, and none of the other 200."""
    thinned = Loss(400, 60, bare=200, bare_lost=60)
    assert thinned.thins_out
    assert thinned.bound_of(syn=False) == Loss(200, 60).bound > thinned.bound
    alike = Loss(400, 60, bare=200, bare_lost=33)
    assert not alike.thins_out
    assert alike.bound_of(syn=False) == alike.bound
    assert not Loss(400, 1, bare=200, bare_lost=1).thins_out


def test_what_asks_for_an_empty_ack_is_counted_with_them() -> None:
    meter = LossMeter()
    meter.add("open", Controls((0, 1, 2), (), (0,), (1, 2)))
    meter.add("open", Controls((0, 1), (2,), (0,), (1, 2)))
    assert meter.loss == Loss(6, 1, syns=2, bare=4, bare_lost=1)


@pytest.mark.parametrize(("takes", "lost"), [(0.0, 1), (1.0, 0)])
def test_an_ack_that_the_peer_has_not_looked_at_yet_is_not_lost(takes: float, lost: int) -> None:
    """A FIN, our ACK at once, the FIN again 0.6 s later: a stack that polls every second has not seen it."""
    fin, ack = Segment(Seq(500), Seq(100), FIN | ACK), Segment(Seq(100), Seq(501), ACK)
    record = Transcript([Seen(0.0, False, fin), Seen(0.01, True, ack), Seen(0.6, False, fin)])
    assert len(list(readings.needless(record, takes))) == lost
