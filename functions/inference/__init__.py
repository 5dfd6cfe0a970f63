"""Inference: reads each upload as it lands. The only slice that knows the imaging package."""
