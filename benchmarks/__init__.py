"""Speed, as ratios within one run: machines differ, ratios on one machine hardly do.

Each module has `measure() -> list[Measurement]`; `python -m benchmarks` runs them and prints one table.
"""
