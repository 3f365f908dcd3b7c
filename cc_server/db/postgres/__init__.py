"""PostgreSQL: several processes on one database, each with a few connections and one that listens."""
