"""Observations held against the projected course: bands, warning colours, revised probabilities, the board of rates."""
