"""Monitoring: what was observed after the baseline, held against the model's futures."""
