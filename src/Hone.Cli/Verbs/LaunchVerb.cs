using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hone.Training;

namespace Hone.Cli;

/// <summary><c>hone launch</c>: several ranks of one command on this machine.</summary>
internal static partial class LaunchVerb
{
    private static readonly string[] s_verbs = ["run", "quickstart", "sft", "reward", "dpo"];
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(6), s_look = TimeSpan.FromSeconds(1);
    // Looks that find a rank stopped before it is given up. Ranks that have met see it themselves a little later; before that nobody does.
    private const int MostStopped = 18;

    public static Command Create(Streams io)
    {
        var ranks = new Option<int>("--ranks") { Description = "Processes that train together.", Required = true };
        var rest = new RestArgument("command") { Description = "What each of them runs: run, quickstart, sft, reward or dpo." };
        var command = new Verb("launch", "Train with several processes on this machine.", """
            Each process is a rank. They share every training stage: the batch is dealt to them, and gradients are added
            up. All else is done by rank 0 while the others wait. When one ends, all end. Threads are dealt as well
            (OMP_NUM_THREADS, where it is not set). On several machines mpirun, srun or torchrun start the ranks.

            Example:
              hone launch --ranks 2 -- run my.yaml
            """)
        { ranks, rest };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string[] json = common.Json(parsed) ? ["--json"] : [];
            return Launch(io, parsed.GetValue(ranks), [.. parsed.GetValue(rest) ?? [], .. json]);
        });
        return command;
    }

    private static int Launch(Streams io, int size, string[] args)
    {
        if (size is < 1 or > 1024) throw new InputException($"--ranks: {size} is not between 1 and 1024");
        if (args is [] or ["--json"])
            throw new InputException("hone launch needs a command after --", fix: "For example: hone launch --ranks 2 -- run my.yaml");
        if (!s_verbs.Contains(args[0]))
            throw new InputException($"hone {args[0]} is not shared by ranks", fix: $"These are: {string.Join(", ", s_verbs)}.");
        int port = RankMeeting.FreePort();
        Process[] children = [.. Enumerable.Range(0, size).Select(rank => Start(io, rank, size, port, args))];
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => c.Cancel = true),
            terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                if (!children[0].HasExited) _ = Kill(children[0].Id, 15);
            });
        try
        {
            return Watch(io, children);
        }
        finally
        {
            foreach (Process child in children)
            {
                if (!child.HasExited) child.Kill(entireProcessTree: true);
                child.WaitForExit();
                child.Dispose();
            }
        }
    }

    /// <summary>Waits until all have ended, or for some seconds after the first that failed.</summary>
    /// <returns>The first exit code that is not 0.</returns>
    private static int Watch(Streams io, Process[] children)
    {
        var ended = new SemaphoreSlim(0); // not disposed: the last child to end may still be about to say so
        foreach (Process child in children)
        {
            child.Exited += (_, _) => ended.Release();
            child.EnableRaisingEvents = true;
        }
        (int code, long since) = (0, 0);
        int[] stopped = new int[children.Length];
        while (children.Any(c => !c.HasExited))
        {
            if (since == 0 && Array.FindIndex(children, c => c.HasExited && (c.ExitCode != 0 || c == children[0])) is >= 0 and var first)
            {
                (code, since) = (children[first].ExitCode, Stopwatch.GetTimestamp());
                if (code > 128 && code != 130) io.Error.WriteLine($"rank {first} was ended by signal {code - 128}");
            }
            if (since == 0)
            {
                if (!ended.Wait(s_look)) EndStopped(io, children, stopped);
            }
            else if (s_grace - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } left) ended.Wait(left);
            else return code == 0 ? 1 : code;
        }
        return code != 0 ? code : children.Select(c => c.ExitCode).FirstOrDefault(c => c != 0);
    }

    /// <summary>Ends a rank that does not go on after a signal to stop: the others would wait for it.</summary>
    /// <param name="stopped">How often in a row each was found so. When this process is stopped too, nobody looks.</param>
    private static void EndStopped(Streams io, Process[] children, int[] stopped)
    {
        for (int rank = 0; rank < children.Length; rank++)
        {
            stopped[rank] = !children[rank].HasExited && IsStopped(children[rank].Id) ? stopped[rank] + 1 : 0;
            if (stopped[rank] < MostStopped) continue;
            io.Error.WriteLine($"rank {rank} has been stopped (SIGSTOP) for {MostStopped} s: it is ended, and so are the others");
            children[rank].Kill();
            stopped[rank] = 0;
        }
    }

    /// <summary>Its state in proc_pid_stat(5), behind the name in parentheses; elsewhere than on Linux nobody knows.</summary>
    private static bool IsStopped(int process)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart().StartsWith("T");
        }
        catch (IOException)
        {
            return false; // it has just ended
        }
    }

    private static Process Start(Streams io, int rank, int size, int port, string[] args)
    {
        string self = Environment.ProcessPath!;
        bool host = Path.GetFileNameWithoutExtension(self) == "dotnet";
        var start = new ProcessStartInfo(self, host ? [typeof(Cli).Assembly.Location, .. args] : args)
        {
            RedirectStandardOutput = rank > 0,
            RedirectStandardError = rank > 0,
        };
        foreach ((string name, string value) in RankPlace.Variables(rank, size, port)) start.Environment[name] = value;
        start.Environment.TryAdd("OMP_NUM_THREADS", Math.Max(1, Environment.ProcessorCount / size).ToString(CultureInfo.InvariantCulture));
        Process child = Process.Start(start)!;
        if (rank == 0) return child;
        void Line(object _, DataReceivedEventArgs line)
        {
            if (line.Data is { } text) io.Error.WriteLine($"[rank {rank}] {text}");
        }
        child.OutputDataReceived += Line;
        child.ErrorDataReceived += Line;
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>All that follows, a command line of its own.</summary>
internal sealed class RestArgument : Argument<string[]>
{
    public RestArgument(string name)
        : base(name) => Arity = ArgumentArity.ZeroOrMore;
}
