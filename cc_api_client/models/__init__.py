"""The contract as types, one file a resource. Client and server both import these."""
