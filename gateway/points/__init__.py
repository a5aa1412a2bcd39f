"""What tills ask of points: `POST /v1/points/spend`."""
