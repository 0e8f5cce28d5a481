"""`validate`: every problem of routemap files, before they are committed."""
