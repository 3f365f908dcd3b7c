"""The server keeps to its own description, whatever it is asked: schemathesis, all checks, over a real socket."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cc_api_client.models.outbox.batches import BatchAction, BatchItem
from cc_api_client.models.outbox.suppression import SuppressionIntake
from cc_server.db.tables import approvals, batches, deliveries, jobs_queue, leads, runs, suppression
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox.sending import blocks
from cc_server.domain.outbox.sending.claims import NotAccepted, Unclear
from cc_server.domain.review import committing
from cc_server.domain.review.committing import Commit
from cc_server.domain.work import jobs
from rig.house import AGENT, House
from tests.conftest import Effort
from tests.server.serving import Served

SHORT, LONG = 3, 200
"""Examples of each operation in each phase."""
REFUSALS = (400, 404, 409, 412, 422, 428)
"""What a request that is well-formed may be refused with, because of what is stored: each is described."""
REJECTIONS = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428)
"""What a request that is not well-formed may be refused with."""
KNOWN_SHARE = 0.5
"""How often an id is one that exists."""


def furnish(house: House) -> dict[str, list[str]]:
    """Something of each kind in each state; returns the ids by the parameter that takes them."""
    for outcome in (Unclear("the connection broke"), NotAccepted("no such mailbox", is_passing=False)):
        house.approve(house.draft())
        house.leave_hold()
        house.settle(house.claim_one(), outcome)
    house.do(blocks.suppress, SuppressionIntake(email="never@clinic.example"))
    drafts = [house.draft(kind=kind) for kind in ("email", "follow_up", "call_script", "proposal") for _ in range(4)]
    for each in drafts[:6]:
        house.approve(each)
    for each in drafts[6:8]:
        house.reject(each)
    house.undo(house.now(drafts[0]))
    house.withdraw(drafts[8])
    house.add_lead()
    house.do(jobs.enqueue, house.client_id, job_type="x", agent_name=AGENT, run_id=None, payload={}, by=SYSTEM)
    picked = BatchItem(id=drafts[9].id, version=1, payload_sha256=drafts[9].payload_sha256)
    policy_version = house.settings.approvals.policy_version or ""
    batch_id = house.do(committing.begin, Commit(BatchAction.REJECT, [picked], policy_version, "0" * 64, "tone"), None)
    house.do(committing.decide, batch_id, 0)
    tables = {
        "approval_id": approvals, "run_id": runs, "lead_id": leads, "batch_id": batches, "delivery_id": deliveries,
        "entry_id": suppression, "job_id": jobs_queue,
    }  # fmt: skip
    found = {name: [str(row["id"]) for row in house.all(table)] for name, table in tables.items()}
    return {name: ids for name, ids in found.items() if ids} | {"agent_id": [AGENT]}


def configuration(known: Mapping[str, Sequence[str]]) -> str:
    """What schemathesis is told: which refusals are fine, which ids exist, and not to wait for events."""
    lines = ["request-timeout = 60", "[checks.positive_data_acceptance]"]
    lines.append(f"expected-statuses = {json.dumps(['2xx', '3xx', *map(str, REFUSALS)])}")
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps([*map(str, REJECTIONS)])}"]
    for name, ids in known.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(ids)}"]
    lines.append("[parameters]")
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = {KNOWN_SHARE} }}' for name in known]
    lines += ["[[operations]]", 'include-name = "GET /api/events"', 'parameters = { "query.wait" = 0 }']
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_the_server_keeps_to_its_own_description(
    house: House, server: Served, tmp_path: Path, effort: Effort
) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(configuration(furnish(house)))
    arguments = [
        f"--config-file={config}", "run", f"{server.url}/openapi.json", f"--header=X-API-Key:{house.tokens['admin']}",
        f"--max-examples={effort(SHORT, LONG)}", "--checks=all", "--continue-on-failure", "--no-color", "--no-shrink",
        *(["--seed=1"] if effort(1, 0) else []),
    ]  # fmt: skip
    program = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), *arguments, cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await program.communicate()
    assert program.returncode == 0, told.decode()
    assert b"Stateful" in told
