"""`explain`: why an object, or a version of a routemap, is thought to be ready or not."""
