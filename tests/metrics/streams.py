"""The exposures and values of the suite for metric stores, for the tests of what only SQLite does."""

from iter8_gitops.testing.streams import APPLICATION, RawStream, arm, counted, exact_summary, value

__all__ = ["APPLICATION", "RawStream", "arm", "counted", "exact_summary", "value"]
