"""Serves modules over HTTP: V2 routes, arguments, worker pool, batching, trainings, console page, OpenAPI."""
