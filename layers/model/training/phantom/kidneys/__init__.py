"""Axial CT slices of the abdomen at the height of the kidneys."""
