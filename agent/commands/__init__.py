"""One module for each `earmark` command; each imports what it needs only when it runs."""
