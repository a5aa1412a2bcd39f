"""CSV files whose rows are events: read row by row, sent to the gateway, rejected rows beside the file."""
