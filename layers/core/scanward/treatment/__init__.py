"""What clinicians consider for what was found: curated, cited knowledge, matched to a person. Data in `knowledge/`."""
