"""What can the end of a connection be, after all that was seen of it?

The oracle (``probe.spec.arrives``) says which reactions are permitted. So there are always several histories that an
end can have had: a port may listen or be closed, a segment under way may have arrived or not, an ACK may still be
delayed. A belief is the set of all of them. It narrows with every event; when it becomes empty, the end has departed
from the RFC. Excuses (loss, an application that aborts ...) widen it, and each history notes those it needs.

In reading order:

- ``events``      the vocabulary: segments seen, waits that ended, commands, and the record of one exchange
- ``hypothesis``  one history: the end's block, what is under way to it, what it owes, its excuses
- ``tracker``     one step of the whole set, for each kind of event; the memory of steps taken
- ``excused``     the steps that need an excuse
- ``unrecorded``  the steps a capture may lack
- ``merging``     histories that no later segment can tell apart, held as one
- ``numbers``     both ISNs at fixed places, so that records that look alike are the same
- ``watch``       one connection followed event by event

For example::

    from probe.engine.belief.tracker import UNKNOWN_PORT, USUAL, Memory
    from probe.engine.belief.watch import follow

    watch = follow(events, UNKNOWN_PORT, USUAL, Memory())
    watch.states[-1]    # ("ESTABLISHED",), or what else it can be
    watch.broken_at     # the event that nothing explains, or None
"""
