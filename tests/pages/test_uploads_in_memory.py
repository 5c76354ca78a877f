"""What a person uploads is nobody's to find on a disk."""

import asyncio

import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request

import pages.shared.door  # noqa: F401  # what the server begins with

BOUNDARY = b"----of-this-test"


@pytest.mark.parametrize("size", [1000, 20_000_000])
def test_an_upload_passes_through_no_file(size: int) -> None:
    """As the server takes it: `Request.form` of a form with one file, which comes in pieces."""
    head = b'Content-Disposition: form-data; name="file"; filename="smear.bmp"\r\n\r\n'
    body = b"--%b\r\n%b%b\r\n--%b--\r\n" % (BOUNDARY, head, bytes(size), BOUNDARY)
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]

    async def receive() -> dict:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def upload() -> tuple[bool, int]:
        headers = [(b"content-type", b"multipart/form-data; boundary=" + BOUNDARY)]
        request = Request({"type": "http", "method": "PUT", "headers": headers}, receive)
        file = (await request.form())["file"]
        assert isinstance(file, UploadFile)
        on_disk = file.file._rolled  # whether a SpooledTemporaryFile has become a file
        return on_disk, len(await file.read())

    assert asyncio.run(upload()) == (False, size)
