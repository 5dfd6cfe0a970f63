"""Proofs. A package of its own, since some library brings one of the same name."""
