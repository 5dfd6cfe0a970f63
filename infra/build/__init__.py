"""Puts the layers' and functions' artefacts together: `python -m infra.build`. Standard library only."""
