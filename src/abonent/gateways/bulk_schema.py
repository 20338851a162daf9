"""Set aside what a table checks on every row while it is filled, and make it again in one go.

The definitions are kept in a table, written in the transaction that drops them; each leaves that table in the
transaction that makes it again. So whatever is interrupted, `restore` goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

_KEPT = "abonent_set_aside"

# Foreign keys, from the tables and to them, come last; exclusion constraints and trigram indexes take longest and
# come first. Primary keys stay: rows arrive in their order, which costs next to nothing.
_SET_ASIDE = f"""
CREATE TABLE {_KEPT} AS
WITH filled AS (SELECT unnest(%(tables)s::regclass[]) AS oid), found AS (
    SELECT array_position('{{x,u,f}}', contype::text) + (contype <> 'x')::integer AS turn, conrelid AS relation,
           format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) AS drop_it,
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
               AS make_it
    FROM pg_constraint
    WHERE contype IN ('x', 'u', 'f') AND conparentid = 0
      AND (conrelid IN (SELECT oid FROM filled) OR contype = 'f' AND confrelid IN (SELECT oid FROM filled))
    UNION ALL
    SELECT CASE amname WHEN 'gin' THEN 2 ELSE 3 END, indrelid, format('DROP INDEX %%s', indexrelid::regclass),
           -- ONLY would leave the partitions out
           replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE indrelid IN (SELECT oid FROM filled) AND NOT indisprimary
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
)
SELECT row_number() OVER (ORDER BY turn, relation)::integer AS id, turn, relation, 0::bigint AS bytes,
       string_agg(drop_it, '; ') AS drop_it, string_agg(make_it, '; ') AS make_it
FROM found JOIN pg_class ON pg_class.oid = relation
-- side by side, indexes of one partitioned table would choose the same names for their partitions
GROUP BY turn, relation, CASE relkind WHEN 'p' THEN '' ELSE make_it END
"""
# Known beforehand: to ask for the size of a table waits for whoever is at work on it.
_WEIGH = f"""
UPDATE {_KEPT} SET bytes = coalesce(
    (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(relation)), pg_total_relation_size(relation)
)
"""
_NEXT = f"""
DELETE FROM {_KEPT} WHERE id = (
    SELECT id FROM {_KEPT} ORDER BY turn, bytes DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING make_it
"""


def set_aside(cursor: Any, tables: Sequence[str]) -> None:
    """Drop the foreign keys, other constraints and indexes of the tables, but for primary keys and checks."""
    cursor.execute(_SET_ASIDE, {"tables": list(tables)})
    cursor.execute(f"SELECT drop_it FROM {_KEPT} ORDER BY turn DESC, id")
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


def is_set_aside(cursor: Any) -> bool:
    """Tell whether something waits for `restore`."""
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_KEPT])
    return bool(cursor.fetchone()[0])


def restore(connect: Callable[[], psycopg.Connection], *, connections: int = 2) -> int:
    """Make again all that was set aside, over several connections; return how many definitions.

    PostgreSQL checks every row against them. Raises psycopg.errors.IntegrityError where one does not hold; the rest
    can be made again afterwards.
    """
    with connect() as connection:
        connection.execute(_WEIGH)
    with ThreadPoolExecutor(connections) as pool:
        made = sum(pool.map(_make, [connect] * connections))
    with connect() as connection:
        connection.execute(f"DROP TABLE {_KEPT}")
    return made


def _make(connect: Callable[[], psycopg.Connection]) -> int:
    made = 0
    with connect() as connection:
        while True:
            with connection.transaction():
                found = connection.execute(_NEXT).fetchone()
                if found is None:
                    return made
                connection.execute(found[0])
            made += 1
