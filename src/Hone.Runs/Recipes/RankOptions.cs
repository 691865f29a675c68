namespace Hone.Runs.Recipes;

/// <summary>How a training is shared by several processes (<c>hone launch</c>, mpirun, Slurm, torchrun); to one it is nothing.</summary>
public sealed record RankOptions
{
    [Comment("What carries gradients between ranks: gloo (PyTorch's own, over TCP), mpi (a library of the machine), nccl (between GPUs) "
        + "or auto, which is nccl where ranks train on GPUs and libtorch or the machine has it, mpi where mpirun or srun --mpi started "
        + "the ranks and such a library is there, else gloo.")]
    [DoesNotChangeResult]
    public RankEngine Engine { get; init; } = RankEngine.Auto;

    [Comment("true adds gradients up in the order of one process: any number of ranks gives its bits, at the price of one broadcast of "
        + "all gradients for each pass in place of one all-reduce for each step.")]
    [DoesNotChangeResult]
    public bool Deterministic { get; init; }

    [Comment("true keeps AdamW's two means of each weight on one rank only (ZeRO stage 1), which then gives the weight to the others.")]
    [DoesNotChangeResult]
    public bool ShardOptimizer { get; init; }
}
