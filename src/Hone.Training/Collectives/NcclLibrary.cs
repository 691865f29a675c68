using System.Runtime.InteropServices;
using Hone.Models;

namespace Hone.Training;

/// <summary>
/// NCCL, NVIDIA's collectives between GPUs, by its C interface (<c>nccl.h</c> of 2.14 and later): where it is linked into libtorch, or
/// libtorch's own dependency, that one; else the machine's.
/// </summary>
/// <remarks>
/// A communicator never waits: what is not done at once is in progress, and <see cref="Settled"/> says when it no longer is. One thread
/// at a time may use it, and only that call brings it on.
/// </remarks>
internal sealed unsafe class NcclLibrary
{
    /// <summary>Of a name for a new communicator.</summary>
    public const int IdBytes = 128;

    private const int Success = 0, InProgress = 7, UInt8 = 1, Float32 = 7, Sum = 0;
    private const int FirstWithConfig = 21_400, Next = 30_000;
    private const uint Magic = 0xcafebeef;

    private readonly delegate* unmanaged[Cdecl]<UniqueId*, int> _newId;
    private readonly delegate* unmanaged[Cdecl]<nint*, int, UniqueId, int, Config*, int> _init;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> _allReduce, _broadcast;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> _asyncError;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _abort, _destroy;
    private readonly delegate* unmanaged[Cdecl]<int, nint> _text;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _lastError;

    private NcclLibrary(Func<string, nint> symbol, string version, CudaRuntime cuda)
    {
        (Version, Cuda) = (version, cuda);
        _newId = (delegate* unmanaged[Cdecl]<UniqueId*, int>)symbol("ncclGetUniqueId");
        _init = (delegate* unmanaged[Cdecl]<nint*, int, UniqueId, int, Config*, int>)symbol("ncclCommInitRankConfig");
        _allReduce = (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)symbol("ncclAllReduce");
        _broadcast = (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)symbol("ncclBroadcast");
        _asyncError = (delegate* unmanaged[Cdecl]<nint, int*, int>)symbol("ncclCommGetAsyncError");
        _abort = (delegate* unmanaged[Cdecl]<nint, int>)symbol("ncclCommAbort");
        _destroy = (delegate* unmanaged[Cdecl]<nint, int>)symbol("ncclCommDestroy");
        _text = (delegate* unmanaged[Cdecl]<int, nint>)symbol("ncclGetErrorString");
        _lastError = (delegate* unmanaged[Cdecl]<nint, nint>)symbol("ncclGetLastError");
    }

    /// <summary>ncclUniqueId, which is passed by value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct UniqueId
    {
        public fixed byte Bytes[IdBytes];
    }

    /// <summary>ncclConfig_t as 2.14 had it; later ones take what is behind it as not set, by its size and version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Config
    {
        public nuint Size;
        public uint Magic, Version;
        public int Blocking;
    }

    /// <summary>For people: <c>2.27.3</c>. All ranks must have the same.</summary>
    public string Version { get; }

    /// <summary>The runtime whose streams it works on.</summary>
    public CudaRuntime Cuda { get; }

    /// <param name="torchCuda">Path of libtorch's part for CUDA.</param>
    /// <param name="machine">The machine's NCCL, for a libtorch that has none.</param>
    /// <exception cref="InputException">This is no libtorch with CUDA, or there is no NCCL that can be driven.</exception>
    public static NcclLibrary Open(string torchCuda, string machine = "libnccl.so.2")
    {
        const string Else = "or take ranks.engine: gloo";
        if (!OperatingSystem.IsLinux()) throw new InputException("nccl is driven on Linux only", fix: "Take ranks.engine: gloo.");
        if (!NativeLibrary.TryLoad(torchCuda, out nint torch))
            throw new InputException("nccl carries tensors between GPUs, and this libtorch has no CUDA", torchCuda,
                $"Set {LibTorch.FolderVariable} to the folder of a libtorch {LibTorch.RequiredVersion} with CUDA, {Else}.");
        (nint nccl, string where) = (torch, torchCuda);
        // Both are found through libtorch's library where it depends on them.
        if (!NativeLibrary.TryGetExport(torch, "ncclAllReduce", out _))
        {
            where = machine;
            if (!NativeLibrary.TryLoad(machine, out nccl))
                throw new InputException("there is no NCCL here: libtorch exports none, and the machine has none", machine,
                    $"Install NVIDIA's package libnccl2, {Else}.");
        }
        Func<string, nint> Of(nint library, string path) => name => NativeLibrary.TryGetExport(library, name, out nint at) ? at
            : throw new InputException($"there is no {name} here: NCCL 2.14 or later is needed, and CUDA's runtime as a library", path,
                $"Install a newer NCCL, {Else}.");
        Func<string, nint> symbol = Of(nccl, where);
        int version = 0;
        _ = ((delegate* unmanaged[Cdecl]<int*, int>)symbol("ncclGetVersion"))(&version);
        if (version is < FirstWithConfig or >= Next)
            throw new InputException($"this is NCCL {Text(version)}, and 2.14 up to the last 2 can be driven", where,
                $"Install another NCCL, {Else}.");
        return new NcclLibrary(symbol, Text(version), new CudaRuntime(Of(torch, torchCuda)));
    }

    /// <summary>A version as NCCL counts it: in decimal places, of which the major one moved with 2.9.</summary>
    internal static string Text(int version) => version < 10_000
        ? $"{version / 1000}.{version / 100 % 10}.{version % 100}"
        : $"{version / 10_000}.{version / 100 % 100}.{version % 100}";

    /// <summary>The name of a new communicator, which one rank makes and gives to the others.</summary>
    /// <exception cref="IOException">NCCL could not.</exception>
    public byte[] NewId()
    {
        UniqueId id;
        Check(_newId(&id), "making an id", 0);
        return new ReadOnlySpan<byte>(id.Bytes, IdBytes).ToArray();
    }

    /// <summary>Begins to connect this rank, and the calling thread's current GPU, to the others.</summary>
    /// <returns>The communicator, in progress; what failed is known when it has settled.</returns>
    /// <exception cref="IOException">There is no communicator.</exception>
    public nint Connect(ReadOnlySpan<byte> id, int rank, int size)
    {
        UniqueId name;
        id.CopyTo(new Span<byte>(name.Bytes, IdBytes));
        var config = new Config { Size = (nuint)sizeof(Config), Magic = Magic, Version = FirstWithConfig, Blocking = 0 };
        // Early versions still write to it when the call has long returned: it is never freed.
        var made = (nint*)NativeMemory.AllocZeroed((nuint)sizeof(nint));
        int code = _init(made, size, name, rank, &config);
        if (*made == 0) Check(code, "connecting", 0);
        return *made != 0 ? *made : throw new IOException("NCCL: connecting gave no communicator");
    }

    /// <summary>Whether a communicator has done all that it was asked for but the GPU's part.</summary>
    /// <exception cref="IOException">Something failed since it was last asked, here or on the way to another rank.</exception>
    public bool Settled(nint communicator)
    {
        int state = Success;
        Check(_asyncError(communicator, &state), "the question how it stands", communicator);
        Check(state, "the work under way", communicator);
        return state != InProgress;
    }

    /// <summary>Puts a sum over all ranks, in place, on a stream once the communicator has settled.</summary>
    public void AllReduce(nint floats, long count, nint communicator, nint stream) =>
        Check(_allReduce(floats, floats, (nuint)count, Float32, Sum, communicator, stream), "all-reduce", communicator);

    /// <summary>Likewise one rank's bytes for all.</summary>
    public void Broadcast(nint bytes, long count, int root, nint communicator, nint stream) =>
        Check(_broadcast(bytes, bytes, (nuint)count, UInt8, root, communicator, stream), "broadcast", communicator);

    /// <summary>Frees a communicator that has nothing under way.</summary>
    public void Destroy(nint communicator) => _ = _destroy(communicator);

    /// <summary>Frees a communicator and takes from the GPU what waits there for other ranks.</summary>
    public void Abort(nint communicator) => _ = _abort(communicator);

    private void Check(int code, string what, nint communicator)
    {
        if (code is Success or InProgress) return;
        string last = Marshal.PtrToStringUTF8(_lastError(communicator)) ?? "";
        throw new IOException($"NCCL: {what} failed: {Marshal.PtrToStringUTF8(_text(code))}{(last.Length > 0 ? $": {last.Trim()}" : "")} "
            + "(NCCL_DEBUG=INFO in the environment says more)");
    }
}
