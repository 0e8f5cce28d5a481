"""Readiness rules without code: what the configuration says of kinds, and the plugin that answers by it."""
