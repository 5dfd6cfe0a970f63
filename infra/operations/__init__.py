"""What operators do to a stack that stands, on this machine or on AWS."""
