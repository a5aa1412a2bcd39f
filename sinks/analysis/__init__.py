"""Jobs over the store that compute what SQL at query time cannot."""
