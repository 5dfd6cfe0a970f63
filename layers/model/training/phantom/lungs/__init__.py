"""Axial CT slices of the chest."""
