"""What can the path, or the place of the record, have done to what we see?

A segment in a record has not reached its receiver yet, others may have overtaken it, a middlebox may have eaten it.
What the path explains is not the peer's fault. That a segment was lost is an excuse that histories use
(``engine.belief``, and the ladder in ``engine.judge.excuses``), as far as the figures allow it; this chamber is for
evidence that more than one record, or a look at the whole of it, gives.

- ``loss``        what the tester's own questions tell of it: asked, and lost
- ``reordering``  segments that came later than they were sent are put where their end sent them
- ``copies``      what a record holds without the copies that the network may have made
- ``numberings``  one connection recorded before and behind something that rewrites its numbers
- ``artefacts``   the signs that a capture is not what passed
- ``filter``      the connection tracking of Linux: which segments it calls invalid
- ``pf``, ``table``   the same of the BSDs' packet filter, and of firewalls that look at no numbers
- ``labelled``    a record with those labels, each way of keeping state asked once
- ``rejected``    kinds of segment that hosts on the way reject, by their ICMP errors
- ``unusual``     flags and options that hardly any TCP sends, and that met silence
- ``limit``       SYNs that a RST came for, and that were answered another time
- ``proxy``       a SYN proxy: what of a record is the peer's behind it
- ``swallowed``   RSTs, FINs, or SYNs on a connection that stands, of which none gets through in one direction
- ``forged``      RSTs of the peer's that another host sent, by their TTL
- ``minded``      classes of segment that firewalls with a state may mind, each by itself
- ``models``      what each suspect does: the events of a record that it makes void
- ``record``      one attempt as the suspects look at it
- ``readings``    what one record shows by itself: answers, silences, repetitions
- ``tally``       what was seen of one suspect, counted
- ``weighing``    the models, tried on every attempt
- ``stateless``   what speaks for SYN cookies
- ``proxied``     what speaks for a SYN proxy
- ``way_back``    whether connections of the peer's reach us
- ``evidence``    all attempts of a run to its ``results.path.Path``
- ``resting``     which records rest on what a suspect keeps back
- ``deciding``    which exchanges decide over a suspect that is only pointed to

For example, over a run::

    evidence = Evidence()
    for case in cases:                  # each attempt, as the judge is given it
        evidence.heard(case)
    path = evidence.path()
    path.standing(Suspect.FILTER)       # accepted, refused or open
    rests_on(path, case)                # the suspect because of which a record says nothing of the peer

Every suspect has a model that names, for one record, the segments that it keeps back; the belief passes over them
(``belief.watch.follow``). One that explains departures is believed, one that is answered is refused.
"""
