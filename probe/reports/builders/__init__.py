"""From results to the document: what is said of them, and where.

* ``common``: findings in full, how a case ends, what fails a run
* ``check``: answers, a row an exchange, findings, ladders; several targets; also what listening found
* ``why``: the proofs of a verdict
* ``matrix``: states by segments, departures by rule and place, what was not reached
* ``captured``: one connection of a capture; ``replay``: all of them, and recordings judged again as their checks
* ``reenact``: a captured connection beside the live one
* ``path``: the suspects of one path, its routers, where a segment vanishes
* ``soak``: rates, times, outages, the first departure

Each has ``document(...)``. A part says where it is shown (``On``): a terminal leaves out what a summary needs, and the
other way round; a format with room for all shows what neither does. What is costly is made when it is asked for::

    doc.Ladder(..., rungs=lambda: _rungs(c, segments().get((c.file, c.index), ())))
    doc.Document("check", sections, data=partial(data.check, report), suites=partial(suites, report))
"""
