"""`python -m probe.target`: the target without the rest of the command line, as the embedded lab starts it."""

from __future__ import annotations

import argparse
import sys

from probe.target.serve import run


def main(arguments: list[str] | None = None) -> int:
    """Parse the arguments and serve; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m probe.target", description="A TCP server that testers steer.")
    parser.add_argument("--host", help="address or name to listen on, * for every address (default: loopback)")
    parser.add_argument("--port", type=int, choices=range(65536), default=0, metavar="PORT", help="0: a free one")
    parser.add_argument("--lifeline", action="store_true", help="stop when standard input ends (a pipe)")
    parser.add_argument("--verbose", action="store_true", help="tell of every connection's end on standard error")
    given = parser.parse_args(arguments)
    lifeline = sys.stdin.fileno() if given.lifeline else None
    return run(given.host, given.port, lifeline=lifeline, verbose=given.verbose)


if __name__ == "__main__":
    sys.exit(main())
