"""What the API offers, one file a resource; each speaks through the transport and answers with models."""
