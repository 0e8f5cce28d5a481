"""From what is stored of an experiment to what is said of it: numbers per metric and version, and a verdict."""
