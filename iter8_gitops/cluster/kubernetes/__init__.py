"""A real Kubernetes cluster as a backend: watches show its objects, and the leader writes routes to it."""
