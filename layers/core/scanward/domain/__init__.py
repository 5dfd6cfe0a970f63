"""Pure domain: entities, transitions, policy. Time and ids come in as arguments."""
