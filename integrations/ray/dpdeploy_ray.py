"""dpdeploy's bundled engine as a Ray Serve application.

One replica of the server's deployment is a block: all ranks of a group that stand on one node. Its placement group is
one bundle, which Ray never puts on two nodes. Clients reach the blocks through `OpenAiIngress` at Serve's port.
"""

import contextlib
import json
import logging
import os

import aiohttp
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from dpdeploy_block import Block, BlockFailed

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host"}
MANY_REQUESTS = 1_000_000
logger = logging.getLogger("ray.serve")


class BlockServer:
    """A block of ranks as a Serve replica: it lives exactly as long as all of them do."""

    def __init__(self, settings):
        self.is_ready = False
        self.block = Block(settings, self.end)
        try:
            self.block.start()
        except BlockFailed:
            self.block.stop(grace=0)
            raise
        self.is_ready = True
        self.session = None

    def end(self, reason):
        """A rank's end is the replica's, at once: Ray starts the whole block again."""
        if self.is_ready:
            logger.error("%s; the block ends", reason)
            self.block.remove()
            os._exit(1)

    def check_health(self):
        if self.block.failure:
            raise BlockFailed(self.block.failure)

    async def relay(self, method, target, headers, body):
        """Yields the answer's status and headers, then its bytes as they come."""
        if self.session is None:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(self.block.socket), limit=0),
                timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False)
        async with self.session.request(method, f"http://localhost{target}", headers=headers, data=body) as answer:
            yield answer.status, [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP]
            async for chunk in answer.content.iter_any():
                yield chunk

    def __del__(self):
        with contextlib.suppress(AttributeError):
            self.block.stop()


class OpenAiIngress:
    """Relays clients' requests to a block and its answer back, byte for byte."""

    def __init__(self, server):
        self.server = server.options(stream=True)

    async def __call__(self, request: Request):
        root = request.scope.get("root_path", "").rstrip("/")
        target = request.url.path.removeprefix(root) + (f"?{request.url.query}" if request.url.query else "")
        headers = [(k, v) for k, v in request.headers.items() if k not in HOP_BY_HOP]
        answer = self.server.relay.remote(request.method, target, headers, await request.body())
        try:
            status, fields = await anext(answer)
        except Exception as error:  # whatever Ray raises for a replica that is gone
            logger.warning("no answer from a block: %s", error)
            return JSONResponse(self.lost(), 503, {"Retry-After": "1"})
        return StreamingResponse(self.body(answer, fields), status, dict(fields))

    async def body(self, answer, fields):
        is_stream = any(k.lower() == "content-type" and v.startswith("text/event-stream") for k, v in fields)
        try:
            async for chunk in answer:
                yield chunk
        except Exception as error:
            logger.warning("a block was lost amid an answer: %s", error)
            if not is_stream:
                raise
            yield f"data: {json.dumps(self.lost())}\n\n".encode()

    @staticmethod
    def lost():
        message = "The group that served this request is gone; it is being started again."
        return {"error": {"message": message, "type": "server_error", "param": None, "code": "group_lost"}}


def build(args):
    """The application of a manifest's `args`, as dpdeploy writes them."""
    server = serve.deployment(BlockServer).options(name=args["server_name"], **args["server_options"]).bind(args)
    ingress = serve.deployment(OpenAiIngress).options(
        name="OpenAiIngress", max_ongoing_requests=MANY_REQUESTS, ray_actor_options={"num_cpus": 0})
    return ingress.bind(server)
