"""The ladder: plainer excuses first, and what one rung explains a later one does not doubt otherwise."""

from __future__ import annotations

import pytest

from probe.engine.belief.hypothesis import Excuse
from probe.engine.judge.excuses import CAPTURE, LADDER, LIVE, Doubt, Rung


@pytest.mark.parametrize("rung", LADDER, ids=lambda rung: rung.doubt.name)
def test_a_rung_doubts_one_of_its_excuses(rung: Rung) -> None:
    assert rung.doubt.name in {excuse.name for excuse in rung.excuses}


def test_both_judges_begin_with_what_a_network_does_without_losing_anything() -> None:
    assert LIVE[0].excuses == {Excuse.REPEAT}
    assert CAPTURE[0] == {Excuse.REPEAT, Excuse.ABORT, Excuse.EDGE, Excuse.ADVICE}


def test_a_live_check_never_supposes_a_segment_that_it_did_not_record() -> None:
    assert not any(Excuse.UNRECORDED in rung.excuses for rung in LIVE)
    assert LIVE[-1].doubt is Doubt.LOSS
    assert Excuse.UNRECORDED in CAPTURE[-1]
