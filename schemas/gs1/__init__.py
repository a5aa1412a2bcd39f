"""GS1: application identifiers by the syntax dictionary, and Digital Link URIs."""
