using System.Runtime.InteropServices;

namespace Hone.Training;

/// <summary>
/// An MPI library of the machine, with its symbols bound when it is needed. Three binary interfaces: the one that MPI 5.0 fixes
/// (<c>libmpi_abi</c>; constants from its standard header), Open MPI (handles are addresses of objects), MPICH (handles are numbers).
/// </summary>
internal sealed unsafe class MpiLibrary
{
    private const int Serialized = 2, MpichInPlace = -1;
    private static readonly string[] s_names =
    [
        "libmpi_abi.so.0", "libmpi_abi.so", "libmpi.so.40", "libmpi.so.80", "libmpich.so.12", "libmpi.so.12", "libmpi.so",
    ];

    private readonly nint _world, _float, _byte, _sum, _inPlace;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint*, int> _allReduce;
    private readonly delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint*, int> _broadcast;
    private readonly delegate* unmanaged[Cdecl]<nint*, int*, void*, int> _test;
    private readonly delegate* unmanaged[Cdecl]<int> _finalize;

    private MpiLibrary(nint library, string name)
    {
        nint Symbol(string symbol) => NativeLibrary.GetExport(library, symbol);
        bool standard = name.StartsWith("libmpi_abi", StringComparison.Ordinal);
        if (standard) (_world, _float, _byte, _sum, _inPlace) = (0x101, 0x210, 0x247, 0x21, 1);
        else if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world))
            (_world, _float, _byte, _sum, _inPlace) =
                (world, Symbol("ompi_mpi_float"), Symbol("ompi_mpi_byte"), Symbol("ompi_mpi_op_sum"), 1);
        else (_world, _float, _byte, _sum, _inPlace) = (0x44000000, 0x4c00040a, 0x4c00010d, 0x58000003, MpichInPlace);
        Name = standard ? "the MPI 5 interface" : _inPlace == MpichInPlace ? "MPICH" : "Open MPI";
        _allReduce = (delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint*, int>)Symbol("MPI_Iallreduce");
        _broadcast = (delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint*, int>)Symbol("MPI_Ibcast");
        _test = (delegate* unmanaged[Cdecl]<nint*, int*, void*, int>)Symbol("MPI_Test");
        _finalize = (delegate* unmanaged[Cdecl]<int>)Symbol("MPI_Finalize");
        // Open MPI would take the signals over by which .NET finds null references.
        NativeVariable.SetDefault("OMPI_MCA_opal_signal", "6");
        int given = 0;
        var init = (delegate* unmanaged[Cdecl]<void*, void*, int, int*, int>)Symbol("MPI_Init_thread");
        Check(init(null, null, Serialized, &given), "init");
        int rank = 0, size = 0;
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Symbol("MPI_Comm_rank"))(_world, &rank), "rank");
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Symbol("MPI_Comm_size"))(_world, &size), "size");
        (Rank, Size) = (rank, size);
    }

    /// <summary>Which interface it has.</summary>
    public string Name { get; }

    public int Rank { get; }

    public int Size { get; }

    /// <summary>The first library that is there, begun; null where there is none.</summary>
    public static MpiLibrary? Open() => Find() is var (library, name) ? new MpiLibrary(library, name) : null;

    /// <summary>Whether there is one at all. It is loaded, and not begun.</summary>
    public static bool Exists() => Find() is not null;

    private static (nint Library, string Name)? Find()
    {
        foreach (string name in s_names)
            if (NativeLibrary.TryLoad(name, out nint library)) return (library, name);
        return null;
    }

    /// <summary>Begins to add <paramref name="count"/> floats up in place.</summary>
    public nint AllReduce(void* floats, int count)
    {
        nint request = 0;
        Check(_allReduce(_inPlace, (nint)floats, count, _float, _sum, _world, &request), "all-reduce");
        return request;
    }

    public nint Broadcast(void* bytes, int count, int root)
    {
        nint request = 0;
        Check(_broadcast((nint)bytes, count, _byte, root, _world, &request), "broadcast");
        return request;
    }

    /// <summary>Whether a request is done; it is gone then.</summary>
    public bool Test(nint request)
    {
        byte* status = stackalloc byte[256];
        int done = 0;
        Check(_test(&request, &done, status), "progress");
        return done != 0;
    }

    public void Finish() => Check(_finalize(), "finalize");

    private static void Check(int code, string what)
    {
        if (code != 0) throw new IOException($"MPI: {what} failed with code {code}");
    }
}
