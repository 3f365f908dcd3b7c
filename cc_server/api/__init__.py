"""The routes: each parses a request, calls one domain function and answers. No SQL and no rules live here."""
