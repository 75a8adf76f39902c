"""Errors of the demonstration."""


class CannotDemonstrate(Exception):
    """The command cannot do its work; the message is one sentence for the person at the terminal."""
