"""Survivors that were read: changes of our code that change nothing that counts, each with its reason."""

from __future__ import annotations

_UNSET = "a variable of a block that nothing has set yet: nothing reads it before it is set"
_MEMORY = "how much is remembered, not what"

REASONS: dict[str, str] = {
    **{f"probe/spec/tcb.py:-: 0 -> 1{again}": _UNSET for again in (" (3)", " (5)", " (10)", " (12)")},
    "probe/spec/tcb.py:Tcb.called: 0 -> 1": _UNSET,
    "probe/spec/tcb.py:Tcb.taking_ack: Seq(stamps[0]) < Seq(self.ts_recent) -> Seq(stamps[0]) <= Seq(self.ts_recent)": (
        "TS.Recent is replaced by its own value, or not"
    ),
    "probe/spec/synchronized.py:_reset: segment.seq > tcb.rcv_nxt -> segment.seq >= tcb.rcv_nxt": (
        "the exact number has returned above"
    ),
    "probe/spec/synchronized.py:_ack_range: segment.ack > tcb.snd_nxt -> segment.ack >= tcb.snd_nxt": (
        "SND.NXT lies in the range, which has returned above"
    ),
    "probe/spec/text.py:_merged: other[0] < first -> other[0] <= first": "the same number either way",
    "probe/engine/judge/by_shape.py:ShapeJudge.opinion: len(self._known) >= _SHAPES -> len(self._known) > _SHAPES": (
        _MEMORY
    ),
    "probe/engine/judge/by_shape.py:ShapeJudge.opinion: if len(self._known) >= _SHAPES -> if True": _MEMORY,
    "probe/engine/judge/by_shape.py:ShapeJudge.opinion: if len(self._known) >= _SHAPES -> if False": _MEMORY,
    "probe/engine/judge/by_shape.py:ShapeJudge.opinion: self._known.clear() -> pass": _MEMORY,
}
"""``Site.key`` -> why no test can tell, or needs to."""
