"""Matching: records that are probably of one person although no identifier says so."""
