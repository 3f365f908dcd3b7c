"""The backend that anyone can start."""
