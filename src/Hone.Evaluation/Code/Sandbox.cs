using System.Diagnostics;

namespace Hone.Evaluation;

/// <summary>How model-written code is shut in.</summary>
public enum SandboxKind
{
    /// <summary>bubblewrap: own namespaces for everything, no network, read-only /usr, no /etc, memory and process limits.</summary>
    Bubblewrap,

    /// <summary>No sandbox: process limits only. The code can read, write and send whatever its user can.</summary>
    None,
}

/// <summary>Starts Python programs shut in, as an unprivileged user.</summary>
/// <param name="MemoryBytes">Address space of each process.</param>
/// <param name="CpuSeconds">Of each process.</param>
public sealed record Sandbox(SandboxKind Kind, long MemoryBytes = 2L << 30, int CpuSeconds = 30)
{
    private const int Nobody = 65534;
    private const string Python = "/usr/bin/python3";

    /// <summary>Why bubblewrap cannot be used here, or null where it can. Tried by running a program in it.</summary>
    public static string? Problem()
    {
        if (!OperatingSystem.IsLinux()) return "bubblewrap needs Linux";
        foreach (string program in (string[])["/usr/bin/bwrap", "/usr/bin/prlimit", Python])
            if (!File.Exists(program)) return $"{program} is not there";
        using Process probe = new Sandbox(SandboxKind.Bubblewrap).Start("print('works')");
        string output = probe.StandardOutput.ReadToEnd(), error = probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return output.Trim() == "works" ? null : $"bubblewrap does not start here: {error.Trim().Split('\n')[0]}";
    }

    /// <summary>Starts a program given as text; its standard input and output are the caller's to use.</summary>
    internal Process Start(string program)
    {
        string[] limits =
        [
            "/usr/bin/prlimit", $"--as={MemoryBytes}", $"--cpu={CpuSeconds}", "--nproc=64", "--fsize=16777216", "--nofile=64", "--core=0", Python, "-I", "-S", "-c", program,
        ];
        string[] command = Kind == SandboxKind.None ? limits : [.. Unprivileged(), .. Walls(), .. limits];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin";
        return Process.Start(start)!;
    }

    // As root a limit on processes holds nobody back, so root steps down first.
    private static string[] Unprivileged() => Environment.IsPrivilegedProcess ? ["/usr/bin/setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs"] : [];

    private static string[] Walls() =>
    [
        "/usr/bin/bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin",
        "--proc", "/proc", "--dev", "/dev", "--size", "67108864", "--tmpfs", "/scratch", "--size", "1048576", "--tmpfs", "/tmp", "--chdir", "/scratch",
        "--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "TMPDIR", "/scratch", "--setenv", "PYTHONHASHSEED", "0",
    ];
}
