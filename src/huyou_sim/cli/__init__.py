"""The command `huyou`."""

from huyou_sim.cli.commands import cli, main

__all__ = ["cli", "main"]
