"""Private data and secrets: what finds them, and what is done about them in each place."""
