"""QR codes for printing: which codes, one file each, or all on label sheets."""
