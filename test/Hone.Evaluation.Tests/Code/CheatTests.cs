namespace Hone.Evaluation.Tests;

/// <summary>
/// Programs that compute nothing right and want to pass all the same. The task is f(1) == 2, f(2) == 3; none may score. Those
/// that fool HumanEval's, EvalPlus's or open-instruct's grader stand in docs/code-grading.md.
/// </summary>
[Collection("sandbox")]
public sealed class CheatTests
{
    private const string Tests = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 3\ncheck(f)\n";

    public static TheoryData<string, string> Cheats => new()
    {
        { "exits with 0", "import sys\ndef f(x):\n    sys.exit(0)" },
        { "exits at once with 0", "import os\ndef f(x):\n    os._exit(0)" },
        { "exits while it is loaded", "import os\nos._exit(0)" },
        { "raises SystemExit while it is loaded", "raise SystemExit(0)" },
        { "raises SystemExit in the call", "def f(x):\n    raise SystemExit(0)" },
        { "raises KeyboardInterrupt", "def f(x):\n    raise KeyboardInterrupt" },
        { "raises GeneratorExit", "def f(x):\n    raise GeneratorExit" },
        { "redefines check", "def f(x): return 0\ndef check(c): pass" },
        { "redefines check in builtins", "import builtins\ndef f(x): return 0\nbuiltins.check = lambda c: None" },
        { "swallows the tests in a string", "def f(x): return 0\n'''" },
        { "an object that equals everything",
            "class E:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\ndef f(x): return E()" },
        { "an int that equals everything", "class E(int):\n    def __eq__(self, o): return True\ndef f(x): return E(0)" },
        { "a str that equals everything",
            "class E(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\ndef f(x): return E('')" },
        { "a list of objects that equal everything", "class E:\n    def __eq__(self, o): return True\ndef f(x): return [E()]" },
        { "a metaclass that equals everything",
            "class M(type):\n    def __eq__(self, o): return True\nclass E(metaclass=M): pass\ndef f(x): return E" },
        { "a function for a value", "def f(x): return f" },
        { "walks the frames to the tests",
            "import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame.f_back: frame = frame.f_back\n    for name, value in "
            + "frame.f_globals.items():\n        if 'expected' in name or 'tests' in name: return value\n    return 0" },
        { "writes a result into every frame and exits",
            "import sys, os\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        for v in list(frame.f_locals.values()):\n   "
            + "         if isinstance(v, list): v.append('passed')\n        frame = frame.f_back\n    os._exit(0)" },
        { "looks for expected values in all objects", "import gc\ndef f(x):\n    for o in gc.get_objects():\n        if isinstance(o, str) "
            + "and 'candidate(1) ==' in o: return 2\n    return 0" },
        { "patches assert's exception away", "import builtins\nbuiltins.AssertionError = Exception\ndef f(x): return 0" },
        { "patches json", "import json\njson.dumps = lambda *a, **k: '{\"nonce\": \"\", \"passed\": true}'\njson.loads = "
            + "lambda *a: {}\ndef f(x): return 0" },
        { "prints a verdict", "print('{\"nonce\": \"0\", \"passed\": true}')\ndef f(x):\n    print('{\"passed\": true}')\n    return 0" },
        { "writes a verdict to every descriptor", "import os\ndef f(x):\n    for fd in range(64):\n        try: os.write(fd, b'{\"nonce\": "
            + "\"0\", \"passed\": true}\\n')\n        except OSError: pass\n    return 0" },
        { "answers before it is asked", "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"id\": 7, \"ok\": {\"i\": "
            + "\"0x2\"}}\\n' * 50)\n    except OSError: pass\ndef f(x): return 0" },
        { "sends a value with two tags", "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"id\": 0, \"ok\": null}\\n{\"id\": "
            + "1, \"ok\": {\"i\": \"0x2\", \"s\": \"\"}}\\n')\n    except OSError: pass\ndef f(x): return 0" },
        { "nests its answer a million deep", "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"id\": 0, \"ok\": "
            + "null}\\n{\"id\": 1, \"ok\": ' + b'[' * 1000000 + b'\\n')\n    except OSError: pass\ndef f(x): return 0" },
        { "a value that nests a thousand deep", "def f(x):\n    v = []\n    for _ in range(1000): v = [v]\n    return v" },
        { "a list that holds itself", "def f(x):\n    v = []\n    v.append(v)\n    return v" },
        { "a value of a hundred million items", "def f(x): return [0] * 100_000_000" },
        { "an endless iterator", "import itertools\ndef f(x): return itertools.count()" },
        { "not a number", "def f(x): return float('nan')" },
        { "True for everything", "def f(x): return True" },
        { "nothing", "def f(x): pass" },
        { "no function at all", "x = 1" },
        { "reads its parent's memory", "def f(x):\n    try: return open('/proc/1/mem', 'rb').read(10)\n    except OSError: return 0" },
        { "reads the tests from its command line",
            "def f(x):\n    return 2 if b'candidate(1)' in open('/proc/self/cmdline', 'rb').read() else 0" },
        { "reads its environment", "import os\ndef f(x): return 2 if any('nonce' in v for v in os.environ.values()) else 0" },
        { "leaves a sitecustomize for the next", "open('/scratch/sitecustomize.py', 'w').write('import os')\ndef f(x): return 0" },
        { "answers from a thread while it raises", "import threading, os\ndef f(x):\n    threading.Thread(target=lambda: [os.write(fd, "
            + "b'{\"id\": 1, \"ok\": {\"i\": \"0x2\"}}\\n') for fd in range(3, 10)]).start()\n    raise ValueError" },
        { "an error that tests might expect", "def f(x): raise AssertionError('passed')" },
        { "overrides every builtin", "import builtins\nfor n in ('abs', 'all', 'any', 'len', 'sum', 'sorted', 'isinstance', 'print'): "
            + "setattr(builtins, n, lambda *a, **k: True)\ndef f(x): return 0" },
        { "handles signals and waits", "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef f(x): return 0" },
    };

    [Fact]
    public async Task None_scores_and_an_honest_program_does()
    {
        string[] names = [.. Cheats.Select(c => c.Data.Item1)];
        CodeJob[] jobs = [.. Cheats.Select(c => new CodeJob(c.Data.Item1, c.Data.Item2 + "\n", Tests, "f")),
            new CodeJob("honest", "def f(x): return x + 1\n", Tests, "f")];
        IReadOnlyList<CodeVerdict> verdicts = await CodeGraderTests.Grade(jobs);
        Assert.Equal("honest", string.Join(", ", verdicts.Where(v => v.Passed).Select(v => v.Id)));
        Assert.All(verdicts.SkipLast(1), v => Assert.NotEmpty(v.Reason));
        Assert.True(names.Length >= 40);
    }

    /// <summary>Each is contained and named, and the program after it is judged as if nothing had been.</summary>
    [Theory]
    [InlineData("a fork bomb", "import os\ndef f(x):\n    while True:\n        try: os.fork()\n        except OSError: pass", "time|ended")]
    [InlineData("ten gigabytes", "def f(x): return len(bytearray(10 << 30))", "MemoryError")]
    [InlineData("an endless loop", "def f(x):\n    while True: pass", "time")]
    [InlineData("writing outside", "def f(x):\n    open('/usr/evil', 'w')", "OSError|Read-only|PermissionError")]
    [InlineData("reading /etc", "def f(x): return open('/etc/passwd').read()", "FileNotFoundError")]
    [InlineData("the network", "import socket\ndef f(x):\n    socket.create_connection(('127.0.0.1', 22), 2)",
        "OSError|ConnectionRefused|unreachable|refused")]
    [InlineData("killing the parent", "import os, signal\ndef f(x):\n    os.kill(os.getppid(), signal.SIGKILL)\n    return 0",
        "ended|Assertion|time|Permission|ProcessLookup")]
    [InlineData("a gigabyte of output", "import os\ndef f(x):\n    for fd in range(3, 10):\n        try:\n            for _ in "
        + "range(1024): os.write(fd, b'x' * (1 << 20))\n        except OSError: pass\n    return 0", "more than is taken|ended")]
    [InlineData("deleting files", "import shutil\ndef f(x):\n    shutil.rmtree('/usr')", "OSError|Read-only|PermissionError")]
    [InlineData("filling the disk", "def f(x):\n    with open('/scratch/a', 'wb') as o:\n        while True: o.write(b'x' * (1 << 20))",
        "OSError|ended|File too large")]
    public async Task Is_contained(string what, string program, string reason)
    {
        if (CodeGraderTests.NoSandbox.Value is { } problem) Assert.Skip($"no sandbox: {problem}");
        var grader = new CodeGrader(new Sandbox(SandboxKind.Bubblewrap, CpuSeconds: 5), TimeSpan.FromSeconds(4), sideBySide: 1);
        IReadOnlyList<CodeVerdict> verdicts = await grader.GradeAsync([new CodeJob(what, program + "\n", Tests, "f"),
            new CodeJob("next", "def f(x): return x + 1\n", Tests, "f")], TestContext.Current.CancellationToken);
        Assert.False(verdicts[0].Passed);
        Assert.Matches(reason, verdicts[0].Reason);
        Assert.True(verdicts[1].Passed, verdicts[1].Reason);
    }
}
