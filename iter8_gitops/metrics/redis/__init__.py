"""The metric store on Redis or Valkey: many machines write one set of exact aggregates, kept by scripts on the server.

Nothing outside of this package imports it before a person asks for such a store, for it needs the client `redis`.
"""
