"""Metric stores: exposures and metric values in, exact incremental aggregates out."""
