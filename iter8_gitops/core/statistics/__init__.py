"""What stays true of experiments while people watch them: pure formulas on sums, with the standard library alone.

An interval or a p-value of this package holds at every look, however often and for whatever reason somebody
looks (`sequence`, `conversions`, `sample_ratio`). The exception is `bayes`, which says so.
"""
