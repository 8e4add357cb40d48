"""All questions."""

from __future__ import annotations

from side_by_side import answers, arguments, checks, command_line, robustness, routes, trainings

CHECKS = checks.CHECKS
TOPICS = (arguments, answers, routes, robustness, trainings, command_line)
"""The files that ask; importing them is what declares their checks."""
