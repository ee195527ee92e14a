"""What every command may end with."""


class UsageError(Exception):
    """Something about the course directory or the command is not right; the text says what."""
