"""Data-driven attribution: models that are worked out from the store's paths and written back as dated runs."""
