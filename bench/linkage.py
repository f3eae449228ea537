"""
A million people linked without a shared identifier: our path (score, cut, choose) beside Splink alone.

People are synthetic: names, streets and towns of Zipf-like frequency, one in five written down a second time with a
slip of the pen. Both are measured in one run: Splink trains and scores, then we read its pairs, cut by average link,
and choose, which is what `likely` of `onevoice linkage run` does. `BENCH_RECORDS` says how many records.
"""

import os
import time
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from bench import Row
from onevoice.adapters.linkage import backend, pairs, score
from onevoice.cli.linkage import read_model
from onevoice.resolve.linkage import average_link, kept, probability

RECORDS = int(os.environ.get("BENCH_RECORDS", "200000"))

#: A syllable each of eight bits of chance.
SYLLABLES = "['ba','ce','di','fo','gu','ha','je','ki','lo','mu','na','pe','ri','so','tu','va']"


def word(low: str, syllables: int, seed: int) -> str:
    """Return a made-up word of a number as SQL."""
    parts = [f"{SYLLABLES}[1 + (hash({low}, {seed + at}) % 16)::BIGINT]" for at in range(syllables)]
    return " || ".join(parts)


#: The square of an even chance makes some names common and most rare, as names are.
PEOPLE = f"""
WITH drawn AS (
  SELECT i, (pow(hash(i, 1) % 1000000 / 1e6, 2) * 2000)::BIGINT AS f,
         (pow(hash(i, 2) % 1000000 / 1e6, 2) * 40000)::BIGINT AS l,
         (hash(i, 3) % 20000)::BIGINT AS b, (hash(i, 4) % 30000)::BIGINT AS s, (hash(i, 5) % 20000)::BIGINT AS p,
         (hash(i, 6) % 200)::BIGINT AS house
  FROM range({{people}}) t(i)
), told AS (
  SELECT i, {word("f", 3, 10)} AS first_name, {word("l", 4, 20)} AS last_name,
         strftime(DATE '1940-01-01' + CAST(b AS INT), '%Y-%m-%d') AS birthday,
         house || ' ' || {word("s", 4, 30)} || ' street' AS street, lpad(CAST(p AS VARCHAR), 5, '1') AS postcode,
         {word("p // 20", 3, 40)} AS city
  FROM drawn
)
SELECT 'a' || i AS unique_id, first_name, last_name, birthday, street, postcode, city FROM told
UNION ALL
SELECT 'b' || i, CASE WHEN i % 3 = 0 THEN first_name[1:2] || first_name[4:] ELSE first_name END,
       CASE WHEN i % 3 = 1 THEN last_name[1:3] || last_name[5:] ELSE last_name END,
       CASE WHEN i % 7 = 0 THEN NULL ELSE birthday END,
       CASE WHEN i % 5 = 2 THEN street[1:5] || street[7:] ELSE street END,
       postcode, city
FROM told WHERE i < {{doubles}}
"""


def people(records: int) -> pa.Table:
    """Return synthetic records, a sixth of them doubles."""
    doubles = records // 6
    query = PEOPLE.format(people=records - doubles, doubles=doubles)
    return duckdb.connect(config={"threads": "2"}).sql(query).to_arrow_table()


def rows() -> Iterator[Row]:
    """Yield one row."""
    model, records = read_model(None), people(RECORDS)
    began = time.perf_counter()
    frame = score([records], model, backend("duckdb"))
    frame.as_pyarrow_table()
    alone = time.perf_counter() - began
    began = time.perf_counter()
    scored = pairs(frame)
    clusters = average_link(scored, join=model.join, missing=model.missing, most=model.most)
    found = [pair for pair in kept(scored, clusters) if probability(pair[2]) >= model.coupon]
    ours = alone + time.perf_counter() - began
    share = sum(a[1:] == b[1:] for a, b, _ in found) / max(1, len(found))
    note = f"{len(records):,} records, {len(scored):,} pairs scored, {len(found):,} kept, {share:.1%} of them right"
    yield Row("linkage", f"{ours:.1f} s", f"Splink alone {alone:.1f} s", f"{ours / alone:.3f}", note)
