"""Trainings and batch predictions: their records, states, run folders, logs and metrics.

`Jobs` is the door of the room: submit, look, cancel, delete. `Loop` keeps the records true in the background.
"""

from pelagos.jobs.jobs import Jobs
from pelagos.jobs.loop import Loop
from pelagos.jobs.run_folder import Piece, RunFolder
from pelagos.jobs.store import Store
from pelagos.jobs.submission import Submission
from pelagos.jobs.trained import TrainedModel, TrainedModels

__all__ = ["Jobs", "Loop", "Piece", "RunFolder", "Store", "Submission", "TrainedModel", "TrainedModels"]
