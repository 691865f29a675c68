using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Hone.Models;

/// <summary>
/// The one place that loads libtorch. Everything that computes with tensors calls <see cref="Load"/> first; later calls
/// cost nothing. <c>HONE_LIBTORCH=&lt;folder&gt;</c> names a libtorch to use in place of the packaged one, for instance
/// <c>site-packages/torch/lib</c> of a Python PyTorch, CPU or CUDA.
/// </summary>
public static class LibTorch
{
    /// <summary>The libtorch version that this TorchSharp was built against. libtorch keeps no ABI between minor versions.</summary>
    public const string RequiredVersion = "2.10";

    /// <summary>The environment variable that names the folder of another libtorch.</summary>
    public const string FolderVariable = "HONE_LIBTORCH";

    private static readonly Lock s_gate = new();
    private static bool s_loaded;
    private static string s_folder = "";

    /// <summary>What was loaded, for <c>hone doctor</c>; loads it when that has not happened.</summary>
    public static LibTorchDescription Describe()
    {
        Load();
        nint torchCpu = NativeLibrary.Load(Path.Combine(s_folder, FileName("torch_cpu")));
        int devices = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        return new LibTorchDescription(VersionOf(torchCpu) ?? "unknown", s_folder, torch.get_num_threads(), devices);
    }

    /// <summary>Loads libtorch and its binding once.</summary>
    /// <exception cref="InputException">libtorch cannot be loaded; says which folder, why, and what to do.</exception>
    public static void Load()
    {
        if (Volatile.Read(ref s_loaded)) return;
        lock (s_gate)
        {
            if (s_loaded) return;
            string? folder = Environment.GetEnvironmentVariable(FolderVariable);
            if (string.IsNullOrWhiteSpace(folder)) LoadPackaged();
            else LoadFrom(folder);
            if (NativeLibrary.TryLoad(Path.Combine(s_folder, FileName("c10")), out nint c10)) TensorAllocator.Install(c10);
            RuntimeHelpers.RunClassConstructor(typeof(torch).TypeHandle);
            Volatile.Write(ref s_loaded, true);
        }
    }

    private static void LoadPackaged()
    {
        try
        {
            NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, null);
            NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);
            s_folder = Path.GetDirectoryName(PackagedPath(FileName("torch_cpu"))) ?? AppContext.BaseDirectory;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new InputException(
                $"The packaged libtorch {RequiredVersion} could not be loaded: {Reason(e)}",
                AppContext.BaseDirectory,
                $"Hone needs a 64-bit Linux (x64, glibc), Windows (x64) or macOS (arm64). Build again, or set {FolderVariable} " +
                $"to the folder of a libtorch {RequiredVersion}.",
                e);
        }
    }

    private static void LoadFrom(string folder)
    {
        string full = Path.GetFullPath(folder);
        string fix = $"Set {FolderVariable} to the folder that holds {FileName("torch_cpu")} of libtorch {RequiredVersion} " +
            "(in Python: torch/lib), or unset it to use the packaged one.";
        if (!OperatingSystem.IsLinux())
            throw new InputException($"{FolderVariable} works on Linux only.", full, $"Unset {FolderVariable}.");
        if (!Directory.Exists(full)) throw new InputException($"{FolderVariable} names a folder that does not exist.", full, fix);
        foreach (string name in (string[])["c10", "torch_cpu", "torch"])
        {
            if (!File.Exists(Path.Combine(full, FileName(name))))
                throw new InputException($"{FolderVariable} names a folder without {FileName(name)}.", full, fix);
        }

        if (PackagedTwin.IsLoaded(FileName("torch_cpu")))
            throw new InvalidOperationException(
                $"LibTorch.Load must come before the first use of TorchSharp when {FolderVariable} is set.");

        // In the order of their dependencies, so that each finds the earlier ones by name.
        foreach (string name in (string[])["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"])
        {
            string path = Path.Combine(full, FileName(name));
            if (!File.Exists(path)) continue;
            try
            {
                nint handle = NativeLibrary.Load(path);
                if (name != "torch_cpu") continue;
                CheckVersion(handle, full, fix);
                PackagedTwin.Hide(handle, FileName(name), full);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new InputException($"{FileName(name)} could not be loaded: {Reason(e)}", full, fix, e);
            }
        }

        try
        {
            NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new InputException($"This libtorch does not fit TorchSharp, which wants {RequiredVersion}: {Reason(e)}", full, fix, e);
        }

        s_folder = full;
    }

    private static void CheckVersion(nint torchCpu, string folder, string fix)
    {
        string found = VersionOf(torchCpu) ?? "unknown (an older build)";
        if (found != RequiredVersion && !found.StartsWith(RequiredVersion + ".", StringComparison.Ordinal))
            throw new InputException($"This libtorch has version {found}; TorchSharp needs {RequiredVersion}.", folder, fix);
    }

    private static unsafe string? VersionOf(nint torchCpu)
    {
        if (!NativeLibrary.TryGetExport(torchCpu, "aoti_torch_abi_version", out nint export)) return null;
        ulong version = ((delegate* unmanaged[Cdecl]<ulong>)export)();
        return $"{version >> 56}.{(version >> 48) & 0xff}.{(version >> 40) & 0xff}";
    }

    /// <summary>Where .NET finds a native file of this application; null when the application carries none.</summary>
    internal static string? PackagedPath(string fileName)
    {
        string searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return searched.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, fileName))
            .FirstOrDefault(File.Exists);
    }

    internal static string FileName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    // .NET lists every path it tried; the line that matters is the loader's own, which does not say "No such file".
    private static string Reason(Exception e)
    {
        string[] lines = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.FirstOrDefault(l => l.Contains(": ", StringComparison.Ordinal) && !l.Contains("No such file", StringComparison.Ordinal)
            && !l.StartsWith("Unable to load", StringComparison.Ordinal)) ?? lines[0];
    }
}

/// <summary>The libtorch in use: its version, its folder, the threads it computes with, and the CUDA devices it sees.</summary>
public sealed record LibTorchDescription(string Version, string Folder, int Threads, int CudaDevices);
