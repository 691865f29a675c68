using System.Runtime.InteropServices;
using Hone.Models;
using static TorchSharp.torch;
using Processors = System.Runtime.InteropServices.Architecture;

namespace Hone.Training;

/// <summary>
/// PyTorch's process group Gloo as it lies inside libtorch, called without a shim: the C++ objects of torch/csrc/distributed/c10d
/// (<c>TCPStore.hpp</c>, <c>ProcessGroupGloo.hpp</c>, <c>Types.hpp</c>) are laid out here byte by byte, for one version of libtorch and
/// the C++ ABI of Linux on x86-64 and arm64. <see cref="Load"/> refuses every other.
/// </summary>
/// <remarks>
/// A C++ exception that crosses into .NET ends the process, so nothing that may throw is called before it is known to work: a port is
/// tried before a store is made of it, and no work is waited for.
/// </remarks>
internal static unsafe class GlooLibrary
{
    /// <summary>The only version whose layouts are known.</summary>
    public const string Version = "2.10.0";

    private const int StoreBytes = 4096, GroupBytes = 16_384;
    // An intrusive_ptr_target begins with its table of virtual functions and one count: owners in the low half, observers in the high.
    private const int CountAt = 8;
    private const long Owner = 1, Observer = 1L << 32;

    private static readonly Lock s_gate = new();
    private static bool s_loaded;
    private static void* s_newStore, s_newGroup, s_options, s_allReduce, s_broadcast, s_completed, s_success, s_reduceOp;

    /// <summary>A struct of this size is returned where the caller says, as C++ returns an object with a destructor.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct Returned
    {
        public void* Value;
    }

    /// <summary>std::string; the text lies outside, so that moving it takes the text along.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct Text
    {
        public byte* Bytes;
        public long Length, Capacity;
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct StoreOptions
    {
        [FieldOffset(0)] public ushort Port;
        [FieldOffset(2)] public byte IsServer;
        [FieldOffset(8)] public long Workers;
        [FieldOffset(16)] public byte HasWorkers;
        [FieldOffset(24)] public byte WaitForWorkers;
        [FieldOffset(32)] public long TimeoutMilliseconds;
        [FieldOffset(40)] public byte MultiTenant;
        [FieldOffset(52)] public byte UseLibUv;
    }

    /// <summary>std::vector of one tensor.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Tensors
    {
        public nint Begin, End, Capacity;
    }

    /// <summary>ReduceOp (a sum is its operation 0), then timeout and whether the call returns at once.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 96)]
    private struct ReduceOptions
    {
        [FieldOffset(0)] public void* Table;
        [FieldOffset(8)] public long Count;
        [FieldOffset(16)] public byte Operation;
        [FieldOffset(32)] public long TimeoutMilliseconds;
        [FieldOffset(40)] public byte Async;
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct BroadcastOptions
    {
        [FieldOffset(0)] public long Root;
        [FieldOffset(8)] public long RootTensor;
        [FieldOffset(16)] public long TimeoutMilliseconds;
        [FieldOffset(24)] public byte Async;
    }

    /// <summary>What keeps this libtorch from being driven; null where nothing does.</summary>
    public static string? Problem(string version) =>
        !OperatingSystem.IsLinux() ? "gloo is driven on Linux only"
        : RuntimeInformation.ProcessArchitecture is not (Processors.X64 or Processors.Arm64)
            ? $"gloo is driven on x64 and arm64, and this is {RuntimeInformation.ProcessArchitecture}"
        : version != Version ? $"gloo is driven in libtorch {Version}, and this is {version}"
        : null;

    /// <exception cref="InputException">This libtorch is another one, or was built without Gloo.</exception>
    public static void Load()
    {
        lock (s_gate)
        {
            if (s_loaded) return;
            LibTorchDescription found = LibTorch.Describe();
            if (Problem(found.Version) is { } problem)
                throw new InputException(problem, found.Folder, "Take ranks.engine: mpi, or the packaged libtorch.");
            nint library = NativeLibrary.Load(Path.Combine(found.Folder, LibTorch.FileName("torch_cpu")));
            nint Symbol(string name) => NativeLibrary.TryGetExport(library, name, out nint at) ? at
                : throw new InputException("this libtorch was built without gloo", found.Folder, "Take ranks.engine: mpi.");
            const string Milliseconds = "NSt6chrono8durationIlSt5ratioILl1ELl1000EEEE";
            const string TensorList = "ERSt6vectorIN2at6TensorESaIS3_EERKNS_";
            s_newStore = (void*)Symbol("_ZN4c10d8TCPStoreC1ENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKNS_15TCPStoreOptionsE");
            s_newGroup = (void*)Symbol("_ZN4c10d16ProcessGroupGlooC1ERKN3c1013intrusive_ptrINS_5StoreENS1_6detail34"
                + "intrusive_target_default_null_typeIS3_EEEEiiNS2_INS0_7OptionsENS5_ISA_EEEE");
            s_options = (void*)Symbol($"_ZN4c10d16ProcessGroupGloo7Options14create_defaultE{Milliseconds}");
            s_allReduce = (void*)Symbol($"_ZN4c10d16ProcessGroupGloo9allreduce{TensorList}16AllreduceOptionsE");
            s_broadcast = (void*)Symbol($"_ZN4c10d16ProcessGroupGloo9broadcast{TensorList}16BroadcastOptionsE");
            s_completed = (void*)Symbol("_ZN4c10d4Work11isCompletedEv");
            s_success = (void*)Symbol("_ZNK4c10d4Work9isSuccessEv");
            s_reduceOp = (byte*)Symbol("_ZTVN4c10d8ReduceOpE") + (2 * sizeof(void*));
            s_loaded = true;
        }
    }

    /// <summary>
    /// A TCPStore: on the serving rank a server at that port, which must be free; elsewhere a client of one that answers. It is never
    /// freed, as its process group is not.
    /// </summary>
    public static nint Store(string host, int port, int ranks, bool serves, TimeSpan timeout)
    {
        Text text;
        int length = System.Text.Encoding.UTF8.GetByteCount(host);
        text.Bytes = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
        System.Text.Encoding.UTF8.GetBytes(host, new Span<byte>(text.Bytes, length));
        (text.Length, text.Capacity) = (length, length);
        StoreOptions options = default;
        (options.Port, options.IsServer, options.Workers, options.HasWorkers) = ((ushort)port, (byte)(serves ? 1 : 0), ranks, 1);
        (options.TimeoutMilliseconds, options.UseLibUv) = ((long)timeout.TotalMilliseconds, 1);
        void* store = New(StoreBytes);
        ((delegate* unmanaged[Cdecl]<void*, Text*, StoreOptions*, void>)s_newStore)(store, &text, &options);
        return (nint)Owned(store);
    }

    /// <summary>The process group; returns when every rank has made its own.</summary>
    /// <param name="timeout">After which a collective that not all have joined fails by itself.</param>
    public static nint Group(nint store, int rank, int size, TimeSpan timeout)
    {
        Returned options = ((delegate* unmanaged[Cdecl]<long, Returned>)s_options)((long)timeout.TotalMilliseconds);
        void* storePointer = (void*)store;
        void* optionsPointer = options.Value;
        void* group = New(GroupBytes);
        ((delegate* unmanaged[Cdecl]<void*, void**, int, int, void**, void>)s_newGroup)(group, &storePointer, rank, size, &optionsPointer);
        return (nint)Owned(group);
    }

    /// <summary>Begins to add up; returns the work.</summary>
    public static nint AllReduce(nint group, Tensor tensor)
    {
        Tensors tensors = One(tensor);
        ReduceOptions options = default;
        options.Table = s_reduceOp;
        (options.Count, options.TimeoutMilliseconds, options.Async) = (Observer | Owner, -1, 1);
        Returned work = ((delegate* unmanaged[Cdecl]<void*, Tensors*, ReduceOptions*, Returned>)s_allReduce)(
            (void*)group, &tensors, &options);
        GC.KeepAlive(tensor);
        return (nint)work.Value;
    }

    /// <summary>Begins to hand round; returns the work.</summary>
    public static nint Broadcast(nint group, Tensor tensor, int root)
    {
        Tensors tensors = One(tensor);
        BroadcastOptions options = default;
        (options.Root, options.TimeoutMilliseconds, options.Async) = (root, -1, 1);
        Returned work = ((delegate* unmanaged[Cdecl]<void*, Tensors*, BroadcastOptions*, Returned>)s_broadcast)(
            (void*)group, &tensors, &options);
        GC.KeepAlive(tensor);
        return (nint)work.Value;
    }

    public static bool IsCompleted(nint work) => ((delegate* unmanaged[Cdecl]<void*, byte>)s_completed)((void*)work) != 0;

    public static bool IsSuccess(nint work) => ((delegate* unmanaged[Cdecl]<void*, byte>)s_success)((void*)work) != 0;

    /// <summary>Gives a work back, as the destructor of c10::intrusive_ptr does.</summary>
    public static void Release(nint work)
    {
        ref long count = ref *(long*)(work + CountAt);
        long left = Interlocked.Add(ref count, -Owner);
        if ((uint)left != 0) return;
        void** table = *(void***)work;
        if (left != Observer)
        {
            // Someone observes: what it holds goes now, the object itself with the last observer.
            ((delegate* unmanaged[Cdecl]<void*, void>)table[2])((void*)work);
            if (Interlocked.Add(ref count, -Observer) >> 32 != 0) return;
        }
        ((delegate* unmanaged[Cdecl]<void*, void>)table[1])((void*)work);
    }

    private static void* New(int bytes) => NativeMemory.AllocZeroed((nuint)bytes);

    private static void* Owned(void* made)
    {
        *(long*)((byte*)made + CountAt) = Observer | Owner;
        return made;
    }

    /// <summary>TorchSharp's handle is the address of an at::Tensor: the vector's one element.</summary>
    private static Tensors One(Tensor tensor) =>
        new() { Begin = tensor.Handle, End = tensor.Handle + sizeof(void*), Capacity = tensor.Handle + sizeof(void*) };
}
