"""The board: where the controller publishes the snapshot, and every other process reads it."""
