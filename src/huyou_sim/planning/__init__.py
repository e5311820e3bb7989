"""The main job and what a plan asks of it: packages, targets, checks."""
