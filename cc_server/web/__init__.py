"""The pages a browser may open: the small dashboard and what explains each problem."""
