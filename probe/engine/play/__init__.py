"""What is sent: how an exchange is walked with a peer, without a socket, a clock or chance.

Events come in (``probe.engine.belief.events``: a segment was seen, the time asked for has come), commands go out (send
this, wake me then, done); whoever drives it does what they say. What came is followed by a ``Watch`` on the way, so
that a conductor stops where the peer's state is no longer known. It does not judge: the transcript does that later.

In reading order:

- ``habits``     what the run has learned of the peer and the path: how long each kind of wait takes
- ``tester``     our own end: what we have sent, what the peer has sent, the numbers a scenario speaks of
- ``outgoing``   the text of a step, and the room that the peer's window has for it
- ``flight``     what is in flight: what of ours has not left yet, what the peer may still answer
- ``conductor``  walks a scenario, acknowledges the peer's text, clears up at the end
- ``knock``      asks a port whether it is served, before anything is played there
- ``calibration``  which questions this peer answers, how soon and how often
- ``matrix``     the same for cells: one segment in one state, at one position
- ``reenact``    the same for a captured client, whose scenario is the capture

An exchange by hand, as the loop of ``probe.live.loop`` plays it::

    from probe import scenarios
    from probe.engine.belief.events import Send
    from probe.engine.play.conductor import Conductor, Setting
    from probe.spec.seq import Seq

    conductor = Conductor(scenarios.ALL["open"], Setting(iss=Seq(1000)))
    commands = conductor.start(now=0.0)
    assert [c.segment.text() for c in commands if isinstance(c, Send)] == ["S seq 1000"]
"""
