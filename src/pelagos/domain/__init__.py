"""The nouns: errors, states and reasons, resources, records, clock. No input or output here."""
