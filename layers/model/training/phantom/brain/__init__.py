"""Axial MR slices of the head."""
