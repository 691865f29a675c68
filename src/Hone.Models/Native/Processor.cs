namespace Hone.Models;

/// <summary>The processor of this machine.</summary>
internal static class Processor
{
    /// <summary>The processor's own name, or its architecture where the system does not tell.</summary>
    public static string Name()
    {
        const string Info = "/proc/cpuinfo", Key = "model name";
        string? line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
