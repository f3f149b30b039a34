"""A captured connection as a scenario: its client is played against a live peer, which is judged and compared.

In reading order:

- ``turns``      the capture as turns: each segment of the client, and what the peer had said before it
- ``rewriting``  a captured segment as it must be now: numbers, window, options, size
- ``conductor``  sends each turn once the live peer has come as far; notes where it departs from the captured one, and
  for the report which live segment stands for which captured one

A peer that merges or splits segments, or is slower, is no departure; only what it says counts::

    from probe.engine.play.conductor import Setting
    from probe.engine.play.reenact.conductor import Reenactment
    from probe.engine.play.reenact.turns import script

    play = Reenactment(script(packets), Setting(iss=Seq(1000)))  # packets of one connection, as probe.replay picks them
    commands = play.start(now=0.0)  # the client's SYN
"""
