"""Plugin hooks: their specifications, and the manager that calls them."""
