"""The processes: the reconcile loop, and the one composition root that wires them."""
