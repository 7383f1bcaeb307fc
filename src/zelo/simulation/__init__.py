"""A load generator: traffic that looks like a project's own, with drift that somebody chose."""
