"""Runs against a live peer: raw sockets joined with the engine, whose events and commands know of none.

Every run stands in one frame, which owns the line, the loop, chance, patience, how it ends and what is recorded. The
runs on top of it say only which attempt comes next and what one that has ended means.

In reading order:

- ``options``   what each run may be told
- ``line``      held ports, the raw line, the peer's kernel and application where they can be asked
- ``loop``      the only loop: conductors and the line, side by side, each attempt on a port of its own
- ``frame``     what every run has around that
- ``pacing``    how often and how much the peer is asked
- ``preflight`` whether the target's port is served at all
- ``vital``     whether a peer that has answered still does
- ``revival``, ``bisection``   a peer that has ended is brought back; which segment ends it
- ``ports``     ports to be refused at, and our own for many connections in turn
- ``triggers``  how the peer's application is brought to act
- ``check``, ``listen``, ``matrix``, ``reenact``, ``soak``   the five runs
- ``path``      a short check that looks at the path alone, and the hop where a segment vanishes
- ``worker``, ``fleet``   many of them side by side, a process a host

From a program (``probe.session`` is the promise to keep; the rest may change)::

    from probe.live.check import check
    from probe.live.options import CheckOptions
    from probe.spec.segment import Endpoint

    run = check(Endpoint("192.0.2.7", 80), CheckOptions(only=("open", "close-by-us")))
    print([(exchange.id, exchange.verdict) for exchange in run.exchanges])
"""
