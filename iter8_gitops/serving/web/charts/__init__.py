"""The geometry of charts, as plain values that templates draw as SVG. Positions are in the units of a `viewBox`."""
