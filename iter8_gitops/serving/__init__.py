"""Falcon over HTTP and gRPC: two transports that call the same use-cases and hold no rules."""
