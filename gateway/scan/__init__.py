"""Tags: the scan endpoint with its cookie and page, and the QR codes that lead to it."""
