"""The capture readers on damaged captures: as far as they go, and nothing but CaptureError after that."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from random import Random

from tests.capture.mutate import mutate
from tests.capture.test_fuzz import read_everything
from tests.fuzz.campaign import Campaign
from tests.fuzz.capturing import capture

CORPUS = Path(__file__).parent / "corpus"


@lru_cache(maxsize=1)
def corpus() -> tuple[bytes, ...]:
    """The captures kept in the repository."""
    return tuple(path.read_bytes() for path in sorted(CORPUS.iterdir()))


def damaged(rng: Random) -> bytes:
    """A damaged capture: one of the corpus, or one of a few whole connections."""
    return mutate(rng.choice(corpus()) if rng.random() < 0.5 else capture(rng), rng)


def _case(rng: Random) -> None:
    with tempfile.NamedTemporaryFile(prefix="probe-fuzz-") as file:
        file.write(damaged(rng))
        file.flush()
        read_everything(Path(file.name))


CAMPAIGN = Campaign("captures", "damaged captures through the readers", _case, damaged)
