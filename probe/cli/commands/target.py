"""`probe target`: the listener whose application the tester steers."""

from __future__ import annotations

import click

from probe.cli.options.namespaces import in_namespace, watch
from probe.wire.errors import WireError


@click.command("target")
@click.option(
    "--host", metavar="ADDRESS", help="Address or name to listen on; * is every address.  [default: loopback]"
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 is a free one.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of every connection's end on standard error.")
@in_namespace
def command(host: str | None, port: int, verbose: bool) -> int:
    """Run a TCP listener whose application does what the tester asks: echo, close, hold, half-close, abort, connect.

    It prints where it listens and serves until SIGTERM or Ctrl-C. Point `probe check` at it from another machine.
    """
    from probe.target import run

    owner = watch()
    if owner is None:
        return run(host, port, verbose=verbose)
    with owner.ending() as lifeline:
        code = 0 if lifeline is None else run(host, port, lifeline=lifeline, verbose=verbose)
    if owner.gone():
        raise WireError(f"{owner.what} ended, and nobody reaches this listener any more: start both again")
    return code
