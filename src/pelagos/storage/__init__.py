"""What trainings read: data sets, and how they get here from archives, files and addresses."""

from pelagos.storage.datasets import Dataset, Datasets, Entry
from pelagos.storage.limits import Limits

__all__ = ["Dataset", "Datasets", "Entry", "Limits"]
