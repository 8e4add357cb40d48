"""Image classification for Pelagos: classify pictures at once, or train a classifier on your own in seconds."""

from pelagos_image_classification.module import ImageClassification

__all__ = ["ImageClassification"]
