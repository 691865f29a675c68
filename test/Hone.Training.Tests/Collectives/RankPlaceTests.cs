namespace Hone.Training.Tests;

public class RankPlaceTests
{
    [Fact]
    public void Nothing_is_one_process_and_so_is_one_rank()
    {
        Assert.Null(Of());
        Assert.Null(Of("RANK=0", "WORLD_SIZE=1"));
        Assert.Null(Of("SLURM_PROCID=0", "SLURM_NTASKS=4", "SLURM_JOB_ID=7")); // the script of sbatch, not a step of srun
    }

    [Fact]
    public void Torchrun_and_hone_launch()
    {
        RankPlace expected = new(2, 4, 1, "10.0.0.1", 29500, false);
        Assert.Equal(expected, Of("RANK=2", "WORLD_SIZE=4", "LOCAL_RANK=1", "MASTER_ADDR=10.0.0.1", "MASTER_PORT=29500"));
        // torchrun's agent listens at the port itself.
        Assert.Equal(expected with { Port = 29501 }, Of("RANK=2", "WORLD_SIZE=4", "LOCAL_RANK=1", "MASTER_ADDR=10.0.0.1",
            "MASTER_PORT=29500", "TORCHELASTIC_USE_AGENT_STORE=True"));
    }

    [Fact]
    public void Kubeflow_with_one_process_a_node()
    {
        string[] node = ["PET_NNODES=3", "PET_NODE_RANK=1", "PET_MASTER_ADDR=job-node-0-0.job", "PET_MASTER_PORT=29400"];
        Assert.Equal(new RankPlace(1, 3, 0, "job-node-0-0.job", 29400, false), Of([.. node, "PET_NPROC_PER_NODE=1"]));
        Assert.Equal(1, Of([.. node, "PET_NPROC_PER_NODE=auto"])!.Rank);
        Assert.Contains("torchrun --no-python", Refused([.. node, "PET_NPROC_PER_NODE=8"]), StringComparison.Ordinal);
        Assert.Contains("PET_NNODES is '1:4'", Refused("PET_NNODES=1:4", "PET_NODE_RANK=0"), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_mpi_meets_on_one_host_by_itself_and_on_several_by_mpi()
    {
        string[] one = ["OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_LOCAL_RANK=1", "PMIX_NAMESPACE=12345"];
        RankPlace local = Of([.. one, "OMPI_COMM_WORLD_LOCAL_SIZE=2"])!;
        Assert.Equal((1, 2, 1, "127.0.0.1", true), (local.Rank, local.Size, local.LocalRank, local.Address, local.ByMpi));
        Assert.InRange(local.Port, 20_000, 29_999);
        RankPlace far = Of([.. one, "OMPI_COMM_WORLD_LOCAL_SIZE=1"])!, told = Of([.. one, "MASTER_ADDR=a", "MASTER_PORT=5"])!;
        Assert.Equal((null, 0), (far.Address, far.Port));
        Assert.Equal(("a", 5), (told.Address, told.Port));
    }

    [Fact]
    public void Slurm_meets_on_the_first_host_of_the_step()
    {
        RankPlace place = Of("SLURM_PROCID=3", "SLURM_STEP_NUM_TASKS=4", "SLURM_LOCALID=1", "SLURM_STEP_NODELIST=gpu[07-08,11],other",
            "SLURM_JOB_ID=99", "SLURM_STEP_ID=0")!;
        Assert.Equal((3, 4, 1, "gpu07", false), (place.Rank, place.Size, place.LocalRank, place.Address, place.ByMpi));
    }

    [Theory]
    [InlineData("node1", "node1")]
    [InlineData("node1,node2", "node1")]
    [InlineData("n[3-9]", "n3")]
    [InlineData("n[003,007]", "n003")]
    [InlineData("rack2-n[10-11],x", "rack2-n10")]
    [InlineData("a,b[1-2]", "a")]
    [InlineData("", null)]
    public void The_first_host_of_a_list(string list, string? first) => Assert.Equal(first, RankPlace.FirstHost(list));

    [Fact]
    public void What_makes_no_sense_is_refused_by_name()
    {
        Assert.Contains("rank 4 of 4", Refused("RANK=4", "WORLD_SIZE=4"), StringComparison.Ordinal);
        Assert.Contains("WORLD_SIZE is 'many'", Refused("RANK=0", "WORLD_SIZE=many"), StringComparison.Ordinal);
        Assert.Contains("RANK is '-1'", Refused("RANK=-1", "WORLD_SIZE=2"), StringComparison.Ordinal);
    }

    private static string Refused(params string[] variables) => Assert.Throws<InputException>(() => Of(variables)).Message;

    private static RankPlace? Of(params string[] variables)
    {
        var values = variables.Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);
        return RankPlace.Of(values.GetValueOrDefault);
    }
}
