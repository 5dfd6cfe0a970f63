"""The one error of the tools below `infra`."""


class UserError(Exception):
    """The command cannot go on. `what` is wrong; `advice` is what a person can do about it."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.advice) if part)
