"""What every endpoint needs of HTTP: errors and their statuses, responses, bodies, clients, keys and limits."""
