"""What a part of each pluggable kind promises: sources, cluster backends, metric stores, notifiers. No I/O here.

The rooms beside one another (`sources`, `cluster`, `metrics`) keep these promises, and so may a third party's
plugin; `iter8_gitops.testing` has a suite that holds an implementation to each.
"""
