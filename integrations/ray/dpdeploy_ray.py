"""dpdeploy's bundled engine as a Ray Serve application.

One replica of the server's deployment is a block: all ranks of a group that stand on one node. Its placement group is
one bundle, which Ray never puts on two nodes. Clients reach the blocks through `OpenAiIngress` at Serve's port.
"""

import contextlib
import json
import logging
import os
import threading
import time

import aiohttp
from ray import serve
from ray.util import metrics
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from dpdeploy_block import Block, BlockFailed, samples

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host"}
MANY_REQUESTS = 1_000_000
# What the controller reads of an engine.
SERIES = tuple("vllm:" + name for name in (
    "request_success_total", "prompt_tokens_total", "generation_tokens_total", "num_preemptions_total",
    "num_requests_running", "num_requests_waiting{", "kv_cache_usage_perc", "time_to_first_token_seconds",
    "request_time_per_output_token_seconds", "inter_token_latency_seconds", "e2e_request_latency_seconds",
    "request_queue_time_seconds", "request_prefill_time_seconds"))
logger = logging.getLogger("ray.serve")


class RankMetrics:
    """Tells Ray what the ranks' metrics pages say, sample by sample under their own names: so they come out of the
    cluster's discovery list like those of vLLM there. Gauges carry the numbers as they are, buckets included."""

    PERIOD_S = 5

    def __init__(self, block, replica):
        self.block = block
        self.replica = replica
        self.gauges = {}
        threading.Thread(target=self.tell, name="metrics", daemon=True).start()

    def tell(self):
        while self.block.failure is None:
            for text in self.block.metrics():
                for name, labels, value in samples(text, SERIES):
                    self.gauge(name, labels).set(value, tags=labels | {"ReplicaId": self.replica})
            time.sleep(self.PERIOD_S)

    def gauge(self, name, labels):
        name = name.replace(":", "_")
        if name not in self.gauges:
            self.gauges[name] = metrics.Gauge(name, "By a rank.", tag_keys=(*labels, "ReplicaId"))
        return self.gauges[name]


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
        RankMetrics(self.block, serve.get_replica_context().replica_id.unique_id)

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
