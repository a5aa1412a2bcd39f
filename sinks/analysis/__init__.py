"""Jobs over the store that work out what SQL at query time cannot."""
