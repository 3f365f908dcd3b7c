"""Updates of whichever columns change."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, create_engine, insert

from cc_server.db.portable.changing import Changing

things = Table(
    "things", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(20)), Column("size", Integer),
    Column("version", Integer, nullable=False),
)  # fmt: skip
CHANGING = Changing(
    things, things.c.id == bindparam("wanted"), things.c.version == bindparam("from_version"),
    always={"version": things.c.version + 1}, returning=[*things.c],
)  # fmt: skip


def test_only_what_is_named_changes_and_only_where_the_condition_holds() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        things.create(conn)
        conn.execute(insert(things), [{"id": 1, "name": "a", "size": 1, "version": 1},
                                      {"id": 2, "name": "b", "size": 2, "version": 1}])  # fmt: skip
        changed = CHANGING.run(conn, {"name": "c"}, {"wanted": 1, "from_version": 1})
        assert changed == {"id": 1, "name": "c", "size": 1, "version": 2}
        assert CHANGING.run(conn, {"name": "d"}, {"wanted": 1, "from_version": 1}) is None
        both = CHANGING.run(conn, {"size": None, "name": "e"}, {"wanted": 1, "from_version": 2})
        assert both == {"id": 1, "name": "e", "size": None, "version": 3}
        assert CHANGING.run_on_one(conn, {}, {"wanted": 2, "from_version": 1})["version"] == 2
