"""`make mutants`: every mutant played in process, a table by place, the totals; exit code 1 if one is missed unread."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from probe.scenarios import ALL
from tests.mutants.exceptions import reason
from tests.mutants.score import Score, Word, accused, checked, crossed, score
from tests.mutants.table import Family, Mutant, mutants


def main(arguments: Sequence[str] | None = None) -> int:
    """0: each is caught or excused by name, and no conforming peer is accused; 1: not so."""
    given = _parser().parse_args(arguments)
    began = time.monotonic()
    every = [m for m in mutants({*checked(), *crossed()}) if all(part in m.id for part in given.only)]
    with multiprocessing.get_context("fork").Pool(given.workers) as pool:
        scores = pool.map(score, every, chunksize=4)
    print(tabulate(_rows(scores), headers=("place", *(f"{f}: {w}" for f in ("answer", "move") for w in _COLUMNS))))
    wrong = accused()
    unread = _tell_missed(scores)
    _totals(scores, wrong, unread, time.monotonic() - began)
    return 1 if wrong or unread else 0


_COLUMNS = ("own", "other", "missed")
_WORDS = (Word.OWN, Word.OTHER, Word.MISSED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Plays a peer for every mistake.")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="mutants whose id has this part")
    parser.add_argument("--workers", type=int, default=cores, metavar="N", help=f"processes ({cores}, the cores)")
    return parser


def _rows(scores: Sequence[Score]) -> Iterable[tuple[object, ...]]:
    counts = Counter((s.mutant.place, s.mutant.family, s.word) for s in scores)
    for place in sorted({s.mutant.place for s in scores}):
        yield (str(place), *(counts[place, family, word] or "" for family in Family for word in _WORDS))


def _tell_missed(scores: Sequence[Score]) -> list[Mutant]:
    """Print those that are missed, the excused ones by reason; the others are returned."""
    missed = [s.mutant for s in scores if s.word is Word.MISSED]
    unread = [m for m in missed if reason(m) is None]
    for why, count in Counter(found for m in missed if (found := reason(m))).most_common():
        print(f"\n{count} missed, {': '.join(why)}")
        print("  " + " ".join(m.id for m in missed if reason(m) == why))
    if unread:
        print(f"\n{len(unread)} missed, not read yet")
        print("  " + " ".join(m.id for m in unread))
    return unread


def _totals(scores: Sequence[Score], wrong: Sequence[str], unread: Sequence[Mutant], seconds: float) -> None:
    played = [s for s in scores if s.word is not Word.NONE]
    print(f"\n{len(played)} mutants in {seconds:.0f} s ({len(scores) - len(played)} more come to nothing)")
    for family in Family:
        count = Counter(s.word for s in played if s.mutant.family is family)
        print(f"{family}: " + ", ".join(f"{count[word]} {word}" for word in _WORDS))
    alone = [s.mutant.id for s in played if s.word is not Word.MISSED and s.exchange not in ALL]
    print(f"found by cells of the matrix alone: {len(alone)}")
    kinds = Counter(found[0] for s in played if s.word is Word.MISSED and (found := reason(s.mutant)))
    print("missed: " + "".join(f"{count} {kind}, " for kind, count in kinds.items()) + f"{len(unread)} not read yet")
    print(f"conforming peers accused: {len(wrong)}" + "".join(f"\n  {name}" for name in wrong))


if __name__ == "__main__":
    sys.exit(main())
