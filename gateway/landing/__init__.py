"""The page that a scan is answered with: content, texts and language to HTML, by the reader's locale."""
