"""What an artefact is built for."""

from enum import Enum

AWS_PYTHON = "3.13"


class Target(Enum):
    """Whose wheels: AWS's python3.13 on x86_64, or those of the interpreter that runs the build."""

    AWS = "aws"
    LOCAL = "local"
