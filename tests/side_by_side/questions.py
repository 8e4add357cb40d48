"""All questions."""

from __future__ import annotations

from side_by_side import answers, arguments, checks, robustness, routes, trainings

CHECKS = checks.CHECKS
TOPICS = (arguments, answers, routes, robustness, trainings)
"""The files that ask; importing them is what declares their checks."""
