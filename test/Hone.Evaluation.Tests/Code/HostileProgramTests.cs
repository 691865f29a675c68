using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

/// <summary>
/// Programs that go for the grader itself, or for what stands around the sandbox. Each fails, with its reason, and the
/// next is judged.
/// </summary>
[Collection("sandbox")]
public sealed class HostileProgramTests
{
    private const string Tests = "assert f(1) == 2\nassert f(2) == 3\n";
    private static readonly CodeJob s_honest = new("honest", "def f(x): return x + 1\n", Tests, "f");

    /// <summary>JSON may hold half of a surrogate pair, which .NET does not take for text: the whole run ended there.</summary>
    [Theory]
    [InlineData("raise ValueError('\\ud800')\n")]
    [InlineData("def f(x): raise ValueError('\\ud800')\n")]
    [InlineData("import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"\\\\ud800\": 1, \"id\": 0, \"ok\": "
        + "null}\\n')\n    except OSError: pass\n")]
    [InlineData("import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"id\": 0, \"error\": \"\\xff\\xfe\", \"message\": "
        + "\"\\xff\"}\\n')\n    except OSError: pass\n")]
    public async Task Text_that_is_none_fails_that_program_alone(string program) => await FailsAlone(program, Tests);

    [Fact]
    public async Task An_error_that_ends_loops_does_not_cut_the_tests_short() =>
        await FailsAlone("def f(x): raise StopIteration\n", "assert all(map(lambda x: f(x) == x + 1, [1, 2]))\n");

    /// <summary>uid_map, mem, oom_score_adj and the like: what the kernel lets a process write about itself.</summary>
    [Fact]
    public async Task Nothing_under_proc_can_be_opened_for_writing()
    {
        Sandboxed();
        const string Program = """
            import os
            opened = []
            for folder, folders, files in os.walk('/proc'):
                # What is in fd is open already.
                folders[:] = [f for f in folders if f != 'fd' and (not f.isdigit() or int(f) == os.getpid() or 'task' in folder)]
                for name in files:
                    try:
                        os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_NONBLOCK))
                        opened.append(os.path.join(folder, name))
                    except OSError: pass
            def f(x): return opened
            """;
        CodeVerdict verdict = Assert.Single(await Grader().GradeAsync(
            [new CodeJob("proc", Program, "assert f(1) == [], f(1)\n", "f")], TestContext.Current.CancellationToken));
        Assert.True(verdict.Passed, verdict.Reason);
    }

    /// <summary>A write waits for a reader; the time limit holds there as well.</summary>
    [Fact]
    public async Task A_program_that_never_reads_runs_out_of_time()
    {
        var clock = Stopwatch.StartNew();
        string program = "import os, time\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"id\": 0, \"ok\": null}\\n')\n    except "
            + "OSError: pass\ntime.sleep(60)\ndef f(x): return 0\n";
        CodeVerdict verdict = await FailsAlone(program, "assert f('x' * 3_000_000) == 1\n", seconds: 2);
        Assert.True(verdict.TimedOut, verdict.Reason);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 30);
    }

    /// <summary>Three prompts define a helper that their tests use: the program's own would decide what is right.</summary>
    [Theory]
    [InlineData("HumanEval/32", "def poly(xs, x): return 0.0\ndef find_zero(xs): return 0.0\n")]
    [InlineData("HumanEval/38", "def encode_cyclic(s): return s\ndef decode_cyclic(s): return s\n")]
    [InlineData("HumanEval/38",
        "seen = []\ndef encode_cyclic(s):\n    seen.append(s)\n    return s\ndef decode_cyclic(s): return seen[-1]\n")]
    [InlineData("HumanEval/50", "def encode_shift(s): return s\ndef decode_shift(s): return s\n")]
    public async Task A_helper_of_the_prompt_is_the_prompts_own(string id, string program)
    {
        Sandboxed();
        JsonObject row = QuestionFile.Read(SharedData.Require("eval/humaneval/HumanEval.jsonl.gz"))
            .Single(r => (string)r["task_id"]! == id);
        string entry = (string)row["entry_point"]!, prompt = (string)row["prompt"]!;
        IReadOnlyList<CodeVerdict> verdicts = await Grader().GradeAsync(
            [new CodeJob("cheat", prompt + "    pass\n" + program, HumanEval.Tests(row), entry),
                new CodeJob("canonical", prompt + (string)row["canonical_solution"]! + "\n", HumanEval.Tests(row), entry)],
            TestContext.Current.CancellationToken);
        Assert.False(verdicts[0].Passed);
        Assert.True(verdicts[1].Passed, verdicts[1].Reason);
    }

    /// <summary>MBPP's 596 compares with sys.getsizeof, and leaves the import to the solution.</summary>
    [Fact]
    public async Task A_module_in_the_tests_is_the_real_one()
    {
        Sandboxed();
        const string Sizes = "assert f((1, 2)) == sys.getsizeof((1, 2))\n";
        IReadOnlyList<CodeVerdict> verdicts = await Grader().GradeAsync(
            [new CodeJob("own", "class sys:\n    getsizeof = lambda x: 0\ndef f(x): return 0\n", Sizes, "f"),
                new CodeJob("right", "import sys\ndef f(x): return sys.getsizeof(x)\n", Sizes, "f")],
            TestContext.Current.CancellationToken);
        Assert.Equal([false, true], verdicts.Select(v => v.Passed));
    }

    /// <summary>MBPP's 533 gives a type as an argument.</summary>
    [Fact]
    public async Task Types_pass_by_name()
    {
        Sandboxed();
        const string Typed = "assert f([1, 'a'], int) == [1]\nassert f([1, 'a'], str) == ['a']\n";
        IReadOnlyList<CodeVerdict> verdicts = await Grader().GradeAsync(
            [new CodeJob("right", "def f(xs, t): return [x for x in xs if isinstance(x, t)]\n", Typed, "f"),
                new CodeJob("a type for a value", "def f(xs, t): return t\n", Typed, "f")],
            TestContext.Current.CancellationToken);
        Assert.Equal([true, false], verdicts.Select(v => v.Passed));
    }

    [Fact]
    public async Task Tests_may_expect_an_error_whose_text_is_none()
    {
        Sandboxed();
        const string Expects = "try:\n    f(1)\nexcept ValueError:\n    pass\nelse:\n    assert False\n";
        Assert.True((await Grader().GradeAsync([new CodeJob("raises", "def f(x): raise ValueError('\\ud800')\n", Expects, "f")],
            TestContext.Current.CancellationToken))[0].Passed);
    }

    /// <summary>All that lives in memory counts: bubblewrap's own root, /dev and /dev/shm had no bound.</summary>
    [Theory]
    [InlineData("/")]
    [InlineData("/dev")]
    [InlineData("/dev/shm")]
    [InlineData("/scratch")]
    [InlineData("/tmp")]
    public async Task Nowhere_can_more_than_the_scratch_be_written(string folder)
    {
        CodeVerdict verdict = await FailsAlone($"def f(x):\n    for i in range(7):\n        with open('{folder}/' + str(i), 'wb') as o: "
            + $"o.write(b'x' * (15 << 20))\n    return 2\n", "assert f(1) == 2\n");
        Assert.Contains("OSError", verdict.Reason, StringComparison.Ordinal);
    }

    /// <summary>Calls that reach around the limits, or into other processes, are refused by the kernel.</summary>
    [Theory]
    [InlineData("a new user namespace", "assert c.unshare(0x10000000) == 0")]
    [InlineData("tracing", "assert c.ptrace(0, 0, 0, 0) == 0")]
    [InlineData("memory without a file", "os.memfd_create('x')")]
    [InlineData("shared memory", "assert c.shmget(0, 1 << 20, 0o1600) >= 0")]
    [InlineData("keys", "assert c.keyctl(0, -3, 1) > 0 if hasattr(c, 'keyctl') else c.syscall(K, 0, -3, 1) > 0")]
    [InlineData("a socket to the host of a virtual machine", "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)")]
    public async Task Is_refused(string what, string call)
    {
        string program = $"import ctypes, os, platform, socket\nc = ctypes.CDLL(None)\nK = 250 if platform.machine() == 'x86_64' else "
            + $"219\ndef f(x):\n    {call}\n    return 2\n";
        CodeVerdict verdict = await FailsAlone(program, "assert f(1) == 2\n");
        Assert.Matches("OSError|PermissionError|AssertionError", verdict.Reason);
        Assert.NotEmpty(what);
    }

    /// <summary>Each process stays below its limit, all together do not.</summary>
    [Fact]
    public async Task Many_processes_share_one_bound_of_memory()
    {
        Sandboxed();
        const string Program = "import os, time\ndef f(x):\n    for _ in range(12):\n        if os.fork() == 0:\n            block = "
            + "bytearray(b'x') * (40 << 20)\n            time.sleep(30)\n    time.sleep(30)\n";
        var grader = new CodeGrader(new Sandbox(SandboxKind.Bubblewrap, MemoryBytes: 256 << 20), TimeSpan.FromSeconds(10), 1);
        IReadOnlyList<CodeVerdict> verdicts = await grader.GradeAsync([new CodeJob("many", Program, Tests, "f"), s_honest],
            TestContext.Current.CancellationToken);
        Assert.Contains("memory", verdicts[0].Reason, StringComparison.Ordinal);
        Assert.False(verdicts[0].TimedOut);
        Assert.True(verdicts[1].Passed, verdicts[1].Reason);
    }

    /// <summary>
    /// The tests' process served every job of a worker and ran into its own CPU limit, which failed whatever it had at
    /// hand.
    /// </summary>
    [Fact]
    public async Task The_tests_process_may_serve_long()
    {
        Sandboxed();
        const string Slow = "n = 0\nfor i in range(12_000_000): n += i\nassert f(1) == 2\n";
        CodeJob[] jobs = [.. Enumerable.Range(0, 4).Select(i => new CodeJob($"{i}", "def f(x): return x + 1\n", Slow, "f"))];
        var grader = new CodeGrader(new Sandbox(SandboxKind.Bubblewrap, CpuSeconds: 2), TimeSpan.FromSeconds(10), 1);
        Assert.All(await grader.GradeAsync(jobs, TestContext.Current.CancellationToken), v => Assert.True(v.Passed, v.Reason));
    }

    [Fact]
    public async Task Unprotected_runs_keep_the_two_processes()
    {
        Sandboxed();
        IReadOnlyList<CodeVerdict> verdicts = await CodeGrader.Create(unsafeCode: true).GradeAsync(
            [s_honest, new CodeJob("equals all", "class E:\n    def __eq__(self, o): return True\ndef f(x): return E()\n", Tests, "f")],
                TestContext.Current.CancellationToken);
        Assert.Equal([true, false], verdicts.Select(v => v.Passed));
    }

    [Fact]
    public async Task Nothing_of_a_program_outlives_its_verdict()
    {
        Sandboxed();
        const string Program = "import os, time\ndef f(x):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0: "
            + "time.sleep(7777)\n        time.sleep(7777)\n    return x + 1\n";
        int before = Sandboxes();
        Assert.True((await Grader().GradeAsync([new CodeJob("forks", Program, Tests, "f")],
            TestContext.Current.CancellationToken))[0].Passed);
        var clock = Stopwatch.StartNew();
        while (Sandboxes() > before && clock.Elapsed < TimeSpan.FromSeconds(5)) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.InRange(Sandboxes(), 0, before);
    }

    // Python programs that run from a text that is the candidate's.
    private static int Sandboxes() => Directory.EnumerateDirectories("/proc").Count(p =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(p), out _)
                && File.ReadAllText(p + "/cmdline").Contains("The candidate's process", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static async Task<CodeVerdict> FailsAlone(string program, string tests, double seconds = 6)
    {
        Sandboxed();
        IReadOnlyList<CodeVerdict> verdicts = await Grader(seconds)
            .GradeAsync([new CodeJob("hostile", program, tests, "f"), s_honest], TestContext.Current.CancellationToken);
        Assert.False(verdicts[0].Passed);
        Assert.NotEmpty(verdicts[0].Reason);
        Assert.True(verdicts[1].Passed, verdicts[1].Reason);
        return verdicts[0];
    }

    private static CodeGrader Grader(double seconds = 6) => new(new Sandbox(SandboxKind.Bubblewrap), TimeSpan.FromSeconds(seconds), 1);

    private static void Sandboxed()
    {
        if (CodeGraderTests.NoSandbox.Value is { } problem) Assert.Skip($"no sandbox: {problem}");
    }
}
