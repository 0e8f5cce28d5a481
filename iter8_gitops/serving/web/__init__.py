"""The web pages for people: what is shown, and how it is drawn. What `http.pages` serves is rendered here; no I/O."""
