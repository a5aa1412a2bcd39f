"""State records, their cache, the local store and the changelog."""
