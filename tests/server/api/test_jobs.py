"""Jobs over HTTP: looked at, tried again, taken off the queue; counts follow."""

from __future__ import annotations

from datetime import timedelta

from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.work import jobs, runs
from rig.house import AGENT, House
from tests.server.serving import Api


def queued(house: House, client_id: str | None = None) -> str:
    return house.do(
        jobs.enqueue, client_id or house.client_id, job_type="qualify_lead", agent_name=AGENT, run_id=None,
        payload={"lead_id": "1"}, by=SYSTEM,
    )  # fmt: skip


def dead(house: House) -> str:
    """A job that failed as often as it may."""
    job_id = queued(house)
    for _ in range(jobs.MAX_ATTEMPTS):
        claimed = house.do(jobs.claim, "worker", by=SYSTEM)
        assert claimed is not None
        house.do(jobs.finish, claimed, "the model answered 529", by=SYSTEM)
        house.clock.advance(timedelta(minutes=5).total_seconds())
    return job_id


async def test_a_dead_job_is_listed_and_tried_again_with_all_its_attempts(api: Api) -> None:
    job_id = dead(api.house)
    (told,) = (await api.get("/api/jobs?status=dead", "viewer")).json()["items"]
    assert (told["id"], told["attempts"], told["error_message"]) == (job_id, 3, "the model answered 529")
    answer = await api.post(f"/api/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["item"]["attempts"]) == (200, "queued", 0)
    queue = (await api.get("/admin/metrics")).json()["queue"]
    assert (queue["queued"], queue["dead"]) == (1, 0)
    again = await api.post(f"/api/jobs/{job_id}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")


async def test_a_cancelled_job_is_never_claimed(api: Api) -> None:
    job_id = queued(api.house)
    assert (await api.post(f"/api/jobs/{job_id}/cancel", "viewer")).status_code == 403
    assert (await api.post(f"/api/jobs/{job_id}/cancel")).json()["status"] == "cancelled"
    assert api.house.do(jobs.claim, "worker", by=SYSTEM) is None
    assert (await api.get("/admin/metrics")).json()["queue"]["queued"] == 0


async def test_the_run_of_a_cancelled_job_ends_with_it(api: Api) -> None:
    house = api.house
    run_id = house.do(
        runs.queue, house.client_id, agent_name=AGENT, automation_name="qualify", lead_email=None, by=SYSTEM
    )
    job_id = house.do(
        jobs.enqueue, house.client_id, job_type="qualify_lead", agent_name=AGENT, run_id=run_id, payload={}, by=SYSTEM
    )
    assert (await api.post(f"/api/jobs/{job_id}/cancel")).status_code == 200
    run = (await api.get(f"/api/runs/{run_id}")).json()
    assert (run["status"], run["error_message"]) == ("skipped", "its job was taken off the queue")
    assert (await api.get("/admin/metrics")).json()["runs"]["skipped"] == 1


async def test_a_bound_key_sees_and_changes_its_own_clients_jobs_only(api: Api) -> None:
    own, foreign = queued(api.house, api.house.other_client_id), queued(api.house)
    assert [job["id"] for job in (await api.get("/api/jobs", "bound")).json()["items"]] == [own]
    assert (await api.post(f"/api/jobs/{foreign}/cancel", "bound")).status_code == 404


async def test_the_status_names_who_has_a_job_and_nobody_where_nobody_has(api: Api, house: House) -> None:
    assert (await api.get("/status", "viewer")).json()["workers"] == []
    job_id = queued(house)
    assert (await api.get("/status", "viewer")).json()["workers"] == []
    house.do(jobs.claim, "worker 7", by=SYSTEM)
    (worker,) = (await api.get("/status", "viewer")).json()["workers"]
    assert (worker["id"], worker["current_job_id"]) == ("worker 7", job_id)
    assert (await api.get("/status", None)).json().get("workers") is None
