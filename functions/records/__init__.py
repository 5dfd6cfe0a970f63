"""Care links, patients, clinic data, and what a person may take along or have erased."""
