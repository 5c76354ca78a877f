"""The errors a person can cause and fix."""


class InputError(ValueError):
    """Something a person gave us cannot be used.

    The message is one sentence fit for a page or a terminal: it names the file, says what was found,
    what was expected, and what to do.
    """
