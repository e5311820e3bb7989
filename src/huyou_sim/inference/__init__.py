"""Observations, calibration, bridging and no-policy trends: what the data say of the levels."""
