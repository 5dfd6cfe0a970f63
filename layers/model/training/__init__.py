"""Trains the reference models on drawn phantoms; never part of a layer. Run as `python -m training`."""
