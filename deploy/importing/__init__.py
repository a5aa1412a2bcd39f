"""Recorded events from files through the gateway: nothing lost, nothing sent twice, nothing silently left out."""
