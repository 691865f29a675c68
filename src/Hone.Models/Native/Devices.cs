using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Where to compute.</summary>
public static class Devices
{
    /// <summary><c>auto</c> (CUDA where there is any), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="InputException">The device is not there.</exception>
    public static Device Choose(string name)
    {
        LibTorch.Load();
        if (name == "auto") return new Device(cuda.is_available() ? "cuda:0" : "cpu");
        if (name == "cpu") return new Device("cpu");
        int index = name == "cuda" ? 0 : int.Parse(name["cuda:".Length..]);
        if (!cuda.is_available())
            throw new InputException($"There is no CUDA device for libtorch to use, and `{name}` was asked for.", fix: $"Use --device cpu, or point {LibTorch.FolderVariable} at a CUDA build of libtorch.");
        if (index >= cuda.device_count()) throw new InputException($"`{name}` was asked for; there are {cuda.device_count()} CUDA devices, counted from 0.");
        return new Device($"cuda:{index}");
    }

    /// <summary>The processor's own name, or its architecture where the system does not tell.</summary>
    public static string ProcessorName()
    {
        const string info = "/proc/cpuinfo", key = "model name";
        string? line = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
