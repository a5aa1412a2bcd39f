"""What campaigns cost, from CSV files through the gateway: no row is lost, a file that comes again changes nothing."""
