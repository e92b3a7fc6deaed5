"""This project, asyncio, with everything on."""

import common
from atlas_serverless_ import options

from atlas_serverless import AsyncClient

IMPORT = "atlas_serverless.aio"
AUTH = ("bearer", "digest")
PYTHON = "product"


async def asetup(base, auth):
    global client
    client = AsyncClient(base_url=base, allow_insecure_http=True, **options(auth))


async def acreate(i):
    return await client.create_serverless_instance(common.GROUP, **common.body(i))


async def aclose():
    await client.close()
