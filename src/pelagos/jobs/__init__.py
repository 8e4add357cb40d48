"""Records of trainings and batch predictions, their states, run folders, logs and metrics."""
