"""Data-driven attribution: models that are computed from the store's paths and stored as dated runs."""
