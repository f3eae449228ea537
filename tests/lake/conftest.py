"""A lake in a folder, and one on a real HTTP server that speaks S3."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from onevoice.adapters.lake import Lake
from tests import servers


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """Yield the storage options of a local S3 with a bucket named `lake`."""
    port = servers.free_port()
    server = subprocess.Popen(
        [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        servers.wait_for(port)
        endpoint = f"http://127.0.0.1:{port}"
        secret = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=endpoint, **secret).create_bucket(Bucket="lake")
        yield {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true", **{k.upper(): v for k, v in secret.items()}}
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """Return an empty lake, once in a folder and once on S3."""
    if request.param == "folder":
        return Lake(str(tmp_path / "lake"))
    return Lake(f"s3://lake/{tmp_path.name}", request.getfixturevalue("s3"))
