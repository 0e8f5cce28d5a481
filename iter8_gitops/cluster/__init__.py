"""Cluster backends: where live resources are seen, and rendered routes are applied."""
