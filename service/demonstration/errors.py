"""What keeps the demonstration from being made."""


class CannotDemonstrate(Exception):
    """The command cannot do what it was asked; the message is the sentence for the person at the terminal."""
