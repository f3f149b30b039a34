"""A peer for every mistake: what of them is found, under whose name, and what is missed.

``make mutants`` plays them all in process (about a minute on two cores); a sample stands in the tests. Each is the
oracle with one thing wrong at one place, in one of two families: another answer, or the right answer and the wrong
move. In reading order:

- ``operators``: what can be wrong with one reaction, or with what a call or timer sends;
- ``acting``: a fault at one place, which acts only where it leaves what is permitted, and counts that;
- ``table``: the mutants: each place that an exchange or a cell meets, with each operator;
- ``score``: a mutant in every exchange that meets its place, then in cells of the matrix: caught by whom, or missed;
- ``bugs``: which of them public stacks have had;
- ``exceptions``: the missed ones that were read, each with its reason.

One mutant by its id, and what became of it::

    python -m tests.mutants --only F4:seg.old-duplicate-acked.silent
"""
