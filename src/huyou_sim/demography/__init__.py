"""The engine: states, schedules, life tables, kernel, projection, indicators. Knows nothing of policy or of a place."""
