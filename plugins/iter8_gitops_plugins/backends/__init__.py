"""What opens the rooms `sources`, `cluster` and `metrics`, through the hooks that third parties have."""
