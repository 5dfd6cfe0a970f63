"""What an analysis says to people: to a patient in plain words, to a radiologist in all its numbers."""
