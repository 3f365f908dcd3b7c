"""What runs beside the requests: the sender of deliveries and the upkeep of the house."""
