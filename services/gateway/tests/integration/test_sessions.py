"""`/v1/sessions`: they live as long as they are used, and take their files with them."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.models import files, jobs, sessions

from .conftest import StartGateway
from .support import CSV, RunningGateway

LONG_AGO = sa.func.now() - sa.text("interval '1 second'")


async def expire(gateway: RunningGateway, session_id: str) -> None:
    await gateway.rows(sa.update(sessions).where(sessions.c.id == session_id).values(expires_at=LONG_AGO))


async def test_a_session_is_found_again(gateway: RunningGateway) -> None:
    created = await gateway.http.post("/v1/sessions")
    session = created.json()

    assert created.status_code == 201
    assert created.headers["Location"] == f"/v1/sessions/{session['id']}"
    assert session["object"] == "session"
    assert (await gateway.http.get(created.headers["Location"])).json() == session
    lifetime = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert lifetime == timedelta(seconds=3600)


async def test_the_first_question_makes_a_session_and_the_next_goes_on_with_its_file(gateway: RunningGateway) -> None:
    first = await gateway.http.ask("plot the price")
    second = await gateway.http.ask("now by month", file=None, session_id=first["session_id"])

    assert second["session_id"] == first["session_id"]
    assert second["input"]["file"] == first["input"]["file"]


async def test_a_follow_up_is_given_the_answered_questions_before_it(gateway: RunningGateway) -> None:
    first = await gateway.http.ask("plot the price")
    await gateway.run(first["id"]).finish(answer="Here it is.")
    await gateway.http.ended(first["id"])
    unanswered = await gateway.http.ask("and the volume?", file=None, session_id=first["session_id"])
    second = await gateway.http.ask("now by month", file=None, session_id=first["session_id"])
    [row] = await gateway.rows(sa.select(jobs.c.payload).where(jobs.c.id == second["id"]))

    assert row.payload["history"] == [{"question": "plot the price", "answer": "Here it is.", "code": ""}]
    assert unanswered["session_id"] == first["session_id"]


async def test_a_question_without_any_file_is_422(gateway: RunningGateway) -> None:
    session = (await gateway.http.post("/v1/sessions")).json()
    response = await gateway.http.post_question("how many?", None, session_id=session["id"])

    assert response.status_code == 422
    assert response.json()["code"] == "file.missing"


async def test_use_prolongs_a_session_and_all_its_files(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    soon = sa.func.now() + sa.text("interval '5 seconds'")
    await gateway.rows(sa.update(sessions).values(expires_at=soon))
    await gateway.rows(sa.update(files).values(expires_at=soon))
    await gateway.http.ask("again", session_id=job["session_id"])
    rows = await gateway.rows(sa.select(files.c.expires_at, sessions.c.expires_at).join(sessions))

    assert len(rows) == 2
    for file_expires, session_expires in rows:
        assert file_expires == session_expires
        assert session_expires > datetime.now(session_expires.tzinfo) + timedelta(seconds=3000)


async def test_looking_does_not_prolong_a_session(gateway: RunningGateway) -> None:
    session = (await gateway.http.post("/v1/sessions")).json()

    assert (await gateway.http.get(f"/v1/sessions/{session['id']}")).json() == session


async def test_an_expired_session_is_410_even_before_it_is_swept(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    await expire(gateway, job["session_id"])
    responses = [
        await gateway.http.get(f"/v1/sessions/{job['session_id']}"),
        await gateway.http.delete(f"/v1/sessions/{job['session_id']}"),
        await gateway.http.post_question("again", None, session_id=job["session_id"]),
        await gateway.http.post("/v1/files", files={"file": ("a", CSV)}, data={"session_id": job["session_id"]}),
    ]

    assert [response.status_code for response in responses] == [410] * 4
    assert {response.json()["code"] for response in responses} == {"session.expired"}


async def test_a_deleted_session_takes_its_files_along_and_is_410_afterwards(gateway: RunningGateway) -> None:
    job = await gateway.http.ask()
    path = f"/v1/sessions/{job['session_id']}"
    other = await gateway.http.post("/v1/files", files={"file": ("a", CSV)})

    assert (await gateway.http.delete(path)).status_code == 204
    assert (await gateway.http.get(path)).status_code == 410
    assert (await gateway.http.get(f"/v1/files/{job['input']['file']['id']}")).status_code == 404
    assert gateway.blobs("files") == [other.json()["id"]]


async def test_an_unknown_session_is_404(gateway: RunningGateway) -> None:
    assert (await gateway.http.get("/v1/sessions/ses_unknown")).status_code == 404
    assert (await gateway.http.delete("/v1/sessions/ses_unknown")).status_code == 404


async def test_the_lifetime_is_a_setting(start_gateway: StartGateway) -> None:
    async with start_gateway(session_expire_seconds=90) as gateway:
        session = (await gateway.http.post("/v1/sessions")).json()
        lifetime = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])

        assert lifetime == timedelta(seconds=90)
