using System.Runtime.InteropServices;

namespace Hone.Training;

/// <summary>
/// The few calls of the CUDA runtime that order NCCL's work beside libtorch's: streams and events. None of them waits. The runtime is the
/// one that libtorch itself uses.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    /// <summary>
    /// The stream that libtorch computes on, of a thread's current device: TorchSharp has no way to choose another, and the backward pass
    /// takes the stream of the forward pass.
    /// </summary>
    public const nint DefaultStream = 0;

    private const int Success = 0, NotReady = 600;
    private const uint NonBlocking = 1, DisableTiming = 2;

    private readonly delegate* unmanaged[Cdecl]<int, int> _setDevice;
    private readonly delegate* unmanaged[Cdecl]<byte*, int, int, int> _busId;
    private readonly delegate* unmanaged[Cdecl]<nint*, uint, int> _newStream, _newEvent;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int> _record;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, uint, int> _follow;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _query, _freeEvent;
    private readonly delegate* unmanaged[Cdecl]<int> _lastError;
    private readonly delegate* unmanaged[Cdecl]<int, nint> _text;

    /// <param name="symbol">The address of a function by its name.</param>
    public CudaRuntime(Func<string, nint> symbol)
    {
        _setDevice = (delegate* unmanaged[Cdecl]<int, int>)symbol("cudaSetDevice");
        _busId = (delegate* unmanaged[Cdecl]<byte*, int, int, int>)symbol("cudaDeviceGetPCIBusId");
        _newStream = (delegate* unmanaged[Cdecl]<nint*, uint, int>)symbol("cudaStreamCreateWithFlags");
        _newEvent = (delegate* unmanaged[Cdecl]<nint*, uint, int>)symbol("cudaEventCreateWithFlags");
        _record = (delegate* unmanaged[Cdecl]<nint, nint, int>)symbol("cudaEventRecord");
        _follow = (delegate* unmanaged[Cdecl]<nint, nint, uint, int>)symbol("cudaStreamWaitEvent");
        _query = (delegate* unmanaged[Cdecl]<nint, int>)symbol("cudaEventQuery");
        _freeEvent = (delegate* unmanaged[Cdecl]<nint, int>)symbol("cudaEventDestroy");
        _lastError = (delegate* unmanaged[Cdecl]<int>)symbol("cudaGetLastError");
        _text = (delegate* unmanaged[Cdecl]<int, nint>)symbol("cudaGetErrorString");
    }

    /// <summary>
    /// Makes a device the calling thread's current one, and leaves it so: libtorch sets its own for each operation, and going back to
    /// device 0 would make a context there, some hundred MB on a GPU that belongs to another rank.
    /// </summary>
    public void Use(int device) => Check(_setDevice(device), "set device");

    /// <summary>Where a GPU is plugged in, which all processes of its host name alike: <c>0000:3b:00.0</c>.</summary>
    public string BusId(int device)
    {
        const int Bytes = 64;
        byte* text = stackalloc byte[Bytes];
        Check(_busId(text, Bytes, device), "bus of a device");
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    /// <summary>A stream that the default stream neither waits for nor holds up; it lives as long as the process.</summary>
    public nint NewStream()
    {
        nint stream = 0;
        Check(_newStream(&stream, NonBlocking), "new stream");
        return stream;
    }

    /// <summary>An event that a stream passes after all that it was given before.</summary>
    public nint Record(nint stream)
    {
        nint made = 0;
        Check(_newEvent(&made, DisableTiming), "new event");
        Check(_record(made, stream), "record an event");
        return made;
    }

    /// <summary>Lets a stream begin what it is given from now on when an event has passed.</summary>
    public void Follow(nint stream, nint passed) => Check(_follow(stream, passed, 0), "wait for an event");

    /// <summary>Whether an event has passed.</summary>
    public bool Passed(nint made)
    {
        int code = _query(made);
        // It counts as the thread's last error, which libtorch would take for one of its next kernel.
        if (code == NotReady) _ = _lastError();
        else Check(code, "query an event");
        return code == Success;
    }

    public void Free(nint made) => Check(_freeEvent(made), "free an event");

    private void Check(int code, string what)
    {
        if (code == Success) return;
        _ = _lastError();
        throw new IOException($"CUDA: {what} failed: {Marshal.PtrToStringUTF8(_text(code))}");
    }
}
