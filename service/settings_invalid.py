"""The refusal of a setting, or of a file that a setting names."""


class SettingsInvalid(Exception):
    """A setting, or a file that it names, cannot be used; the text names it and says what is expected."""
