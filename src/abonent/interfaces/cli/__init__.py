"""The command `abonent`."""

from abonent.interfaces.cli.app import main

__all__ = ["main"]
