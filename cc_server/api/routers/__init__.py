"""The routes, one file a resource: each parses a request, calls one domain function and answers. No SQL, no rules."""

from cc_server.api.routers import (
    admins,
    agents,
    approvals,
    batches,
    jobs,
    operations,
    outbox,
    settings,
    stream,
)

IN_ORDER = tuple(
    part.router for part in (batches, approvals, outbox, jobs, agents, operations, settings, admins, stream)
)
"""A path is answered by the first that knows it: `/api/approvals/batches` is no approval's id. What is asked for most
stands in front."""
