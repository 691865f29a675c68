using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Hone.Text.Jinja;

/// <summary>What one rendering may use. Defaults leave a conversation of ten thousand turns far below every bound.</summary>
internal sealed record RenderLimits(long Steps = 2_500_000, int Characters = 1 << 22, int CallDepth = 100, TimeSpan? Time = null)
{
    public static RenderLimits Default { get; } = new();
}

/// <summary>
/// Counts what a rendering uses and stops it in time. A template is untrusted input: every step is counted, and every string or list
/// is paid for before it is allocated.
/// </summary>
internal sealed class Budget(RenderLimits limits)
{
    // What a step may cost: as many characters allocated, or compared with a text that is searched for.
    private const int CharactersPerStep = 32, ComparisonsPerStep = 4096;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly TimeSpan _time = limits.Time ?? TimeSpan.FromSeconds(10);
    private long _steps;
    private long _nextLook = 1024;
    private int _calls;

    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > limits.Steps) throw new JinjaException($"the template takes more than {limits.Steps} steps");
        if (_steps < _nextLook) return;
        _nextLook = _steps + 1024;
        if (Stopwatch.GetElapsedTime(_started) > _time)
        {
            throw new JinjaException($"the template runs longer than {_time.TotalSeconds:0.#} s");
        }
    }

    /// <summary>Pays for a string that is about to be made.</summary>
    public void Characters(long count)
    {
        if (count > limits.Characters) throw new JinjaException($"the template makes a text of more than {limits.Characters} characters");
        Step((count / CharactersPerStep) + 1);
    }

    /// <summary>Pays for looking for a part in a text, which in the worst case compares the part at every place.</summary>
    public void Search(long text, long part)
    {
        Characters(text);
        Step(text * Math.Max(1, part) / ComparisonsPerStep);
    }

    /// <summary>Pays for what is about to be appended to a text that has some length already.</summary>
    public void Append(int length, int more)
    {
        Characters(more);
        if ((long)length + more > limits.Characters)
        {
            throw new JinjaException($"the template makes a text of more than {limits.Characters} characters");
        }
    }

    public void EnterCall()
    {
        if (++_calls > limits.CallDepth) throw new JinjaException($"calls nest deeper than {limits.CallDepth}");
    }

    public void LeaveCall() => _calls--;

    /// <summary>.NET cannot survive a stack overflow: whatever recurses asks first.</summary>
    public static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new JinjaException("the template or its data nests too deep");
    }
}
