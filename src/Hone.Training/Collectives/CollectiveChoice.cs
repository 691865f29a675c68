using System.Diagnostics.CodeAnalysis;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Which collective a process uses. The one place that knows them all.</summary>
/// <param name="Name">What all ranks must have alike.</param>
/// <param name="Create">Makes it, when the ranks have met.</param>
/// <param name="Meeting">By which ranks find each other where the launcher does not say where rank 0 is.</param>
internal sealed record CollectiveChoice(string Name, Func<RankLinks, ICollective> Create, MpiLibrary? Meeting = null)
{
    /// <summary>PyTorch's own, over TCP.</summary>
    public static CollectiveChoice Gloo { get; } = new("gloo", GlooCollective.Create);

    /// <param name="engine">
    /// gloo, mpi, nccl, or auto: NCCL where the device is a GPU and its library is there, MPI where its launcher started the process and
    /// its library is there, else Gloo.
    /// </param>
    /// <param name="device">What this rank trains on.</param>
    /// <exception cref="InputException">There is no such engine here.</exception>
    public static CollectiveChoice Of(RankPlace place, string engine, Device device)
    {
        bool gpu = device.type == TorchSharp.DeviceType.CUDA;
        if (engine == "nccl" && !gpu)
            throw new InputException("ranks.engine is nccl, which carries tensors between GPUs, and this rank trains on the CPU",
                $"rank {place.Rank} on {Environment.MachineName}",
                $"Take ranks.engine: gloo, or a libtorch with CUDA ({LibTorch.FolderVariable}) and device: cuda.");
        if (engine == "nccl") return Nccl(NcclLibrary.Open(TorchCuda), device.index, device);
        // It cannot tell ranks where to meet, as MPI can.
        if (engine == "auto" && gpu && place is { Address: not null, Port: > 0 } && TryNccl(out NcclLibrary? nccl))
            return Nccl(nccl, device.index, device);
        if (engine == "mpi" || (engine == "auto" && place.ByMpi && MpiLibrary.Exists())) return Mpi(place);
        return Gloo;
    }

    /// <param name="gpu">Number of the GPU.</param>
    /// <param name="device">The same, as libtorch calls it.</param>
    public static CollectiveChoice Nccl(NcclLibrary nccl, int gpu, Device device) =>
        new($"nccl {nccl.Version}", links => NcclCollective.Create(links, nccl, gpu, device));

    /// <summary>Where libtorch's part for CUDA would be.</summary>
    public static string TorchCuda => Path.Combine(LibTorch.Describe().Folder, LibTorch.FileName("torch_cuda"));

    private static bool TryNccl([NotNullWhen(true)] out NcclLibrary? nccl)
    {
        try
        {
            nccl = NcclLibrary.Open(TorchCuda);
            return true;
        }
        catch (InputException)
        {
            nccl = null;
            return false;
        }
    }

    private static CollectiveChoice Mpi(RankPlace place)
    {
        MpiLibrary library = MpiLibrary.Open()
            ?? throw new InputException("there is no MPI library on this machine",
                fix: "Install Open MPI or MPICH, or take ranks.engine: gloo.");
        if ((library.Rank, library.Size) != (place.Rank, place.Size))
            throw new InputException($"this process is rank {place.Rank} of {place.Size}, and {library.Name} says rank {library.Rank} of "
                + $"{library.Size}", fix: "Start the ranks with the launcher of the same MPI, or take ranks.engine: gloo.");
        return new CollectiveChoice(library.Name, _ => new MpiCollective(library), library);
    }
}
