"""What can the path, or the place of the record, have done to what we see?

A segment in a record has not reached its receiver yet, others may have overtaken it, a middlebox may have eaten it.
What the path explains is not the peer's fault. That a segment was lost is an excuse that histories use
(``engine.belief``, and the ladder in ``engine.judge.excuses``), as far as the figures allow it; this chamber is for
evidence that more than one record, or a look at the whole of it, gives.

- ``loss``        what the tester's own questions tell of it: asked, and lost
- ``reordering``  segments recorded later than they were sent are put where their end sent them
- ``filter``      a firewall's connection tracking: which segments it calls invalid

For example, for the server of a capture::

    from probe.engine.path.reordering import put_right

    watch, order = put_right(packets, range(len(packets)), watch, client=False, follow=follow_in)
    watch.broken_at     # None where an overtaken segment was all there was to it

``watch`` has followed the packets as recorded, ``follow_in`` follows them in another order.
"""
