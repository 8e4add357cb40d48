"""The console: the pages of `pelagos run`, for people who train and predict in their browser."""
