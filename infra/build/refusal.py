"""The one way a build says no."""


class BuildRefused(Exception):
    """The artefact cannot be made, or must not be used; the message says why and what to do."""
