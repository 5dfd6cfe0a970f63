"""Pictures of people, as they may be kept: nothing in them but the picture."""
