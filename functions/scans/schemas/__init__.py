"""Bodies and answers, as the documents spell them."""
