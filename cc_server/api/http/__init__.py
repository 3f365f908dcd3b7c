"""What all routes share: who calls, what is refused before a route, how answers and problems are written."""
