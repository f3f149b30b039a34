"""``python -m tests.mutation``: a sample of mutants of our own code; exit code 1 where one survives unread."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutation.equivalent import REASONS
from tests.mutation.reach import Reach, learnt
from tests.mutation.sites import sampled
from tests.mutation.trial import Trial, Word, met, prepare, tried

FOLDERS = ("probe/spec", "probe/engine")
FORK = multiprocessing.get_context("fork")


def main(arguments: Sequence[str] | None = None) -> int:
    """0: each is noticed, or known to change nothing; 1: not so."""
    given = _parser().parse_args(arguments)
    began = time.monotonic()
    prepare()
    with TemporaryDirectory() as folder:
        reach = _reach(given.map or Path(folder) / "map.json")
    quickest = sorted(reach.tests, key=lambda test: reach.tests[test][0])
    if met(None, quickest[::100], 60.0) is not Word.SURVIVED:
        sys.exit("the tests do not pass on the code as it is")
    chosen = [site for site in sampled(given.only or FOLDERS, given.sample, given.seed) if site.key not in REASONS]
    trials = []
    with ProcessPoolExecutor(given.workers, mp_context=FORK) as pool:
        for trial in pool.map(partial(tried, reach=reach, budget=given.seconds), chosen):
            trials.append(trial)
            if trial.word in (Word.SURVIVED, Word.UNREACHED):
                print(_told(trial), flush=True)
    for gone in sorted(set(REASONS) - {site.key for site in sampled(FOLDERS, 0, 0)}):
        print(f"no longer there, but among the reasons: {gone}")
    counts = Counter(trial.word for trial in trials)
    print(", ".join(f"{counts[word]} {word}" for word in Word), f"of {len(trials)} in {time.monotonic() - began:.0f} s")
    return 1 if counts[Word.SURVIVED] or counts[Word.UNREACHED] else 0


def _reach(kept: Path) -> Reach:
    """Learnt in a process of its own: what it loads must not stay loaded here."""
    if not kept.exists():
        learner = FORK.Process(target=learnt, args=(kept,))
        learner.start()
        learner.join()
        if learner.exitcode:
            sys.exit("the tests must pass before anything is changed")
    return learnt(kept)


def _told(trial: Trial) -> str:
    return f"{trial.site.path}:{trial.site.line} {trial.word} ({trial.tests} tests)\n    {trial.site.key}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Changes our own code.")
    parser.add_argument("only", nargs="*", metavar="PATH", help=f"folders or files ({' '.join(FOLDERS)})")
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="so many mutants (100); 0: all")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of tests for each, at most (15)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (1)")
    parser.add_argument(
        "--map",
        type=Path,
        metavar="FILE",
        help="which test runs what: used where it exists, else made; stale once tests change",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
