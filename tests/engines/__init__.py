"""Real container engines for tests, with everything of theirs below a temporary folder."""
