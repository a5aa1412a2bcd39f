"""What becomes of a scan after its page: ``GET /v1/events/{id}/live``."""
