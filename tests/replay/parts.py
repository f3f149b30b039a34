"""One file in parts, each replayed by itself and all joined, by the same steps as in a real replay."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from probe.capture.reader import Part
from probe.replay.joining import Joiner
from probe.replay.part import replay_part
from probe.replay.tally import Asked, Tally


def joined(path: Path, places: Sequence[int]) -> Tally:
    """What comes of the file where it is cut at these octets."""
    asked = Asked(str(path))
    joiner = Joiner(asked)
    for start, end in itertools.pairwise([0, *places, None]):
        part = Part(str(path), start or 0, end, 1 if not start else None)
        joiner.add(replay_part(part, asked, last=end is None))
    joiner.finish()
    return joiner.tally
