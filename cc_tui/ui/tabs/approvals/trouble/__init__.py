"""What did not go through: decisions that were not delivered, deliveries that failed or may have left."""
