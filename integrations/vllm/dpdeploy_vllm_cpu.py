"""Lets vLLM 0.32 run data-parallel mixture-of-experts models on CPUs, for tests without a GPU.

Its CPU communicator lacks two collectives, and its CPU kernel for experts ignores which experts are a rank's own.
vLLM calls register() in each of its processes (entry point group `vllm.general_plugins`).
"""

import torch
import torch.distributed as dist


def _gather(communicator, tensor, sizes):
    """All ranks' rows; ranks with fewer pad theirs for the journey."""
    tensor = tensor.contiguous()
    longest = max(sizes) if sizes else tensor.shape[0]
    padded = tensor.new_zeros((longest, *tensor.shape[1:]))
    padded[: tensor.shape[0]] = tensor
    rows = [torch.empty_like(padded) for _ in range(communicator.world_size)]
    dist.all_gather(rows, padded, group=communicator.device_group)
    return torch.cat([part[:count] for part, count in zip(rows, sizes)] if sizes else rows)


def all_gatherv(self, input_, dim=0, sizes=None):
    if isinstance(input_, list):
        return [_gather(self, tensor, sizes) for tensor in input_]
    return _gather(self, input_, sizes)


def reduce_scatterv(self, input_, dim=-1, sizes=None):
    total = input_.contiguous().clone()
    dist.all_reduce(total, group=self.device_group)
    if sizes is None:
        return total.chunk(self.world_size)[self.rank_in_group].contiguous()
    start = sum(sizes[: self.rank_in_group])
    return total[start : start + sizes[self.rank_in_group]].contiguous()


def register():
    from vllm.distributed.device_communicators.cpu_communicator import CpuCommunicator
    from vllm.model_executor.layers.fused_moe.experts.cpu_moe import CPUUnquantizedExperts

    CpuCommunicator.all_gatherv = all_gatherv
    CpuCommunicator.reduce_scatterv = reduce_scatterv
    plain = CPUUnquantizedExperts.apply

    # Called with its arguments by name.
    def apply(self, *, topk_weights, topk_ids, expert_map, **others):
        # The kernel takes local numbers: another rank's experts become local expert 0 with weight 0.
        if expert_map is not None:
            local = expert_map[topk_ids.long()]
            is_own = local >= 0
            topk_weights = torch.where(is_own, topk_weights, torch.zeros_like(topk_weights))
            topk_ids = torch.where(is_own, local, torch.zeros_like(local)).to(topk_ids.dtype)
        return plain(self, topk_weights=topk_weights, topk_ids=topk_ids, expert_map=expert_map, **others)

    CPUUnquantizedExperts.apply = apply
