"""The Kubernetes API as the rest of the project needs it: requests, discovery, caches kept by watches, leases, events.

Nothing here knows of routemaps. Connections, credentials and TLS are the official client's.
"""
