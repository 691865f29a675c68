using System.Globalization;

namespace Hone.Training;

/// <summary>
/// Which of how many processes this one is, as its launcher says by environment variables. The one place that knows them.
/// </summary>
/// <param name="Rank">From 0; rank 0 leads.</param>
/// <param name="Size">Ranks in all.</param>
/// <param name="LocalRank">Among those of this host, for the choice of a GPU.</param>
/// <param name="Address">Host of rank 0; null where the launcher does not say.</param>
/// <param name="Port">Where rank 0 awaits the others; 0 where the launcher does not say.</param>
/// <param name="ByMpi">Whether an MPI launcher started the process.</param>
internal sealed record RankPlace(int Rank, int Size, int LocalRank, string? Address, int Port, bool ByMpi)
{
    /// <summary>Where rank 0 is, for people to set.</summary>
    public const string AddressName = "MASTER_ADDR", PortName = "MASTER_PORT";

    private const string RankName = "RANK", SizeName = "WORLD_SIZE", LocalName = "LOCAL_RANK";
    private const int FirstPort = 20_000, Ports = 10_000;

    /// <summary>
    /// Launchers in this order: torchrun and <c>hone launch</c>, Kubeflow's Trainer (<c>PET_*</c>), Open MPI, Slurm, MPICH and Intel MPI.
    /// Null where none started this process, or only one.
    /// </summary>
    /// <param name="variable">Value of an environment variable.</param>
    /// <exception cref="InputException">A launcher's variables make no sense, or ask for what there is not.</exception>
    public static RankPlace? Of(Func<string, string?> variable)
    {
        RankPlace? place = Torchrun(variable) ?? Kubeflow(variable) ?? OpenMpi(variable) ?? Slurm(variable) ?? Mpich(variable);
        if (place is null) return null;
        if (place.Rank < 0 || place.Rank >= place.Size)
            throw new InputException($"this process is rank {place.Rank} of {place.Size}", "environment", "Ranks count from 0.");
        return place.Size == 1 ? null : place;
    }

    /// <summary>What a launcher sets for a rank where all are on this host: the variables of torchrun, by name.</summary>
    public static Dictionary<string, string> Variables(int rank, int size, int port) => new()
    {
        [RankName] = Text(rank),
        [SizeName] = Text(size),
        [LocalName] = Text(rank),
        [AddressName] = "127.0.0.1",
        [PortName] = Text(port),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static RankPlace? Torchrun(Func<string, string?> v) => v(RankName) is null || v(SizeName) is null ? null
        // torchrun's own agent listens at the port that it names.
        : new(Number(v, RankName), Number(v, SizeName), Number(v, LocalName, 0), v(AddressName),
            Number(v, PortName, 0) + (v("TORCHELASTIC_USE_AGENT_STORE") == "True" ? 1 : 0), false);

    private static RankPlace? Kubeflow(Func<string, string?> v)
    {
        if (v("PET_NNODES") is null || v("PET_NODE_RANK") is null) return null;
        if (v("PET_NPROC_PER_NODE") is { } each && int.TryParse(each, out int many) && many > 1)
            throw new InputException($"PET_NPROC_PER_NODE is {each}, and hone is one process", "environment",
                "Start it with torchrun --no-python, or ask for one process a node (numProcPerNode: 1).");
        return new(Number(v, "PET_NODE_RANK"), Number(v, "PET_NNODES"), 0, v("PET_MASTER_ADDR"), Number(v, "PET_MASTER_PORT", 0), false);
    }

    private static RankPlace? OpenMpi(Func<string, string?> v)
    {
        if (v("OMPI_COMM_WORLD_RANK") is null || v("OMPI_COMM_WORLD_SIZE") is null) return null;
        int size = Number(v, "OMPI_COMM_WORLD_SIZE");
        bool oneHost = Number(v, "OMPI_COMM_WORLD_LOCAL_SIZE", 0) == size;
        string job = v("PMIX_NAMESPACE") ?? v("OMPI_MCA_ess_base_jobid") ?? "";
        return Meeting(v, new(Number(v, "OMPI_COMM_WORLD_RANK"), size, Number(v, "OMPI_COMM_WORLD_LOCAL_RANK", 0),
            oneHost ? "127.0.0.1" : null, oneHost ? PortOf(job) : 0, true));
    }

    // Only srun sets the size of a step: the script of sbatch itself is one process, however many tasks it asks for.
    private static RankPlace? Slurm(Func<string, string?> v) => v("SLURM_PROCID") is null || v("SLURM_STEP_NUM_TASKS") is null ? null
        : Meeting(v, new(Number(v, "SLURM_PROCID"), Number(v, "SLURM_STEP_NUM_TASKS"), Number(v, "SLURM_LOCALID", 0),
            FirstHost(v("SLURM_STEP_NODELIST") ?? v("SLURM_JOB_NODELIST") ?? ""),
            PortOf($"{v("SLURM_JOB_ID")}.{v("SLURM_STEP_ID")}"), v("PMIX_RANK") is not null));

    private static RankPlace? Mpich(Func<string, string?> v) => v("PMI_RANK") is null || v("PMI_SIZE") is null ? null
        : Meeting(v, new(Number(v, "PMI_RANK"), Number(v, "PMI_SIZE"), Number(v, "MPI_LOCALRANKID", 0), null, 0, true));

    /// <summary>What a user says of the place to meet is above what is made up.</summary>
    private static RankPlace Meeting(Func<string, string?> v, RankPlace place) => place with
    {
        Address = v(AddressName) ?? place.Address,
        Port = Number(v, PortName, place.Port),
    };

    /// <summary>The first host of a list as Slurm writes it: <c>node[03-07,9],other</c> begins with <c>node03</c>.</summary>
    internal static string? FirstHost(string list)
    {
        int bracket = list.IndexOf('['), end = list.IndexOfAny([',', ']']);
        string first = end < 0 ? list : list[..end];
        if (bracket >= 0 && bracket < first.Length) first = first[..bracket] + first[(bracket + 1)..].Split('-')[0];
        return first.Length == 0 ? null : first;
    }

    // FNV-1a: the same on every host, unlike string.GetHashCode.
    private static int PortOf(string job) =>
        FirstPort + (int)(job.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619) % Ports);

    private static int Number(Func<string, string?> variable, string name, int? missing = null)
    {
        string text = variable(name) ?? "";
        if (text.Length == 0 && missing is { } usual) return usual;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value : throw new InputException($"{name} is '{text}', which is no number", "environment");
    }
}
