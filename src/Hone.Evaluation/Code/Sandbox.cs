using System.Diagnostics;

namespace Hone.Evaluation;

/// <summary>How model-written code is shut in.</summary>
internal enum SandboxKind
{
    /// <summary>
    /// bubblewrap: own namespaces for everything, no network, read-only /usr, no /etc, kernel calls filtered, memory
    /// and process limits.
    /// </summary>
    Bubblewrap,

    /// <summary>No sandbox: process limits only. The code can read, write and send whatever its user can.</summary>
    None,
}

/// <summary>Starts Python programs shut in, as an unprivileged user.</summary>
/// <param name="MemoryBytes">Address space of each process, and resident memory of a program with all that it started.</param>
/// <param name="CpuSeconds">Of each process.</param>
internal sealed record Sandbox(SandboxKind Kind, long MemoryBytes = 2L << 30, int CpuSeconds = 30)
{
    private const int Nobody = 65534;
    private const string Python = "/usr/bin/python3";
    private const string Shell = "/bin/sh";

    /// <summary>Why bubblewrap cannot be used here, or null where it can. Tried by running a program in it.</summary>
    public static string? Problem()
    {
        if (!OperatingSystem.IsLinux()) return "bubblewrap needs Linux";
        if (!SyscallFilter.IsKnown) return "the kernel calls of this processor are not known";
        foreach (string program in (string[])[Shell, "/usr/bin/bwrap", "/usr/bin/prlimit", Python, .. Unprivileged().Take(1)])
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
            "/usr/bin/prlimit", $"--as={MemoryBytes}", $"--cpu={CpuSeconds}", "--nproc=64", "--fsize=16777216", "--nofile=64",
            "--core=0", Python, "-I", "-S", "-c", program,
        ];
        string[] command = Kind == SandboxKind.None ? limits : [.. Filtered(), .. Unprivileged(), .. Walls(), .. limits];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin";
        return LastingThread.Run(() => Process.Start(start)!);
    }

    // As root a limit on processes holds nobody back, so root steps down first.
    private static string[] Unprivileged() => Environment.IsPrivilegedProcess
        ? ["/usr/bin/setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs"] : [];

    // bubblewrap takes the filter from an open file, which a shell can hand on.
    private static string[] Filtered() => [Shell, "-c", "exec 3<\"$0\" \"$@\"", SyscallFilter.FilePath];

    // What bubblewrap makes of memory (its root, /dev, /dev/shm) has no bound of its own.
    private static string[] Walls() =>
    [
        "/usr/bin/bwrap", "--seccomp", "3", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin",
        "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--size", "1048576", "--tmpfs", "/dev/shm",
        "--remount-ro", "/dev", "--size", "67108864",
        "--tmpfs", "/scratch", "--size", "1048576", "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/scratch",
        "--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "TMPDIR", "/scratch", "--setenv", "PYTHONHASHSEED", "0",
    ];
}
