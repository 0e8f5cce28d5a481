"""Speed, as ratios within one run: machines differ, ratios on one machine hardly do.

Each module has `measure() -> list[Measurement]`; `python -m benchmarks` runs them, prints what each gives, and at the
end one table of everything that is held to a bar.

To add rows, write a module with `measure` and add its name to `SPEED` in `__main__`. A row becomes part of the table by
its bar; its name must say what it is by itself there. Prefer a ratio to something that the reader knows, measured in
turn with it (`load` does that for servers, `lookups` for those that answer lookups), and the median of several rounds.
docs/performance.md has the bars.
"""
