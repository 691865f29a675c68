using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>nccl_stub.c as a library: NCCL and CUDA's runtime in the memory of the CPU. Each one built has a state of its own.</summary>
internal sealed unsafe class NcclStub : IDisposable
{
    private readonly TempFolder _folder = new();
    private nint _library;

    private NcclStub() => Path = _folder.File("libnccl_stub.so");

    public string Path { get; }

    /// <summary>Events that are not freed, and communicators that ended in one way and the other.</summary>
    public long Events => Number("stub_events");

    public long Aborts => Number("stub_aborts");

    public long Destroys => Number("stub_destroys");

    /// <summary>What CUDA would tell the calling thread of its last error.</summary>
    public long LastError => Number("stub_last_error");

    /// <param name="defined">Macros: another version, or what it is to be without.</param>
    public static NcclStub Build(params string[] defined)
    {
        var stub = new NcclStub();
        string[] arguments = ["-O1", "-shared", "-fPIC", "-pthread", .. defined.Select(d => "-D" + d), "-o", stub.Path,
            System.IO.Path.Combine(AppContext.BaseDirectory, "Collectives", "nccl_stub.c")];
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("PATH")!.Split(':').All(f => !File.Exists($"{f}/cc")))
            Assert.Skip("needs a C compiler (cc) on Linux");
        using Process compiler = Process.Start("cc", arguments);
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
        stub._library = NativeLibrary.Load(stub.Path);
        return stub;
    }

    public NcclLibrary Open() => NcclLibrary.Open(Path);

    /// <summary>NCCL for a rank of <see cref="ManyRanks"/>, with the stub's GPU of its number.</summary>
    public CollectiveChoice Choice(int rank) => CollectiveChoice.Nccl(Open(), rank, CPU);

    /// <summary>The next call of a function returns a code.</summary>
    public void Fail(string function, int code)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(function + '\0'))
            ((delegate* unmanaged[Cdecl]<byte*, int, void>)Symbol("stub_fail"))(name, code);
    }

    /// <summary>All communicators have an error that nobody's call is the cause of.</summary>
    public void Break(int code) => ((delegate* unmanaged[Cdecl]<int, void>)Symbol("stub_break"))(code);

    /// <summary>All ranks have the same GPU.</summary>
    public void OneBus() => ((delegate* unmanaged[Cdecl]<void>)Symbol("stub_one_bus"))();

    /// <summary>Gives a GPU's default stream something to do that takes long: to write a number everywhere.</summary>
    public void FillLater(int gpu, Tensor tensor, float value, int milliseconds) =>
        ((delegate* unmanaged[Cdecl]<int, nint, int, float, int, void>)Symbol("stub_fill"))(
            gpu, Hone.Models.TensorMemory.DeviceAddress(tensor), (int)tensor.numel(), value, milliseconds);

    public void Dispose() => _folder.Dispose();

    private long Number(string of) => ((delegate* unmanaged[Cdecl]<long>)Symbol(of))();

    private void* Symbol(string name) => (void*)NativeLibrary.GetExport(_library, name);
}
