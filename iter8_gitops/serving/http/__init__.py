"""The HTTP API in Falcon: resources translate between HTTP and the use-cases, and hold no rules."""
