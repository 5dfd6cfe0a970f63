"""The one way the story ends early."""


class StoryStopped(Exception):
    """The story cannot go on. `what` is wrong; `advice` is what a person can do about it."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
