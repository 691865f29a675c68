using Hone.Runs.Metrics;

namespace Hone.Runs.Tests.Metrics;

public sealed class ProgressDisplayTests : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly TestClock _clock = new();

    public void Dispose() => _output.Dispose();

    private void Run(ProgressDisplay display, int from, int to, int total, double secondsPerStep)
    {
        display.Begin("sft", from);
        for (int step = from + 1; step <= to; step++)
        {
            _clock.Pass(secondsPerStep);
            display.Show(new("sft", step, total, [new("loss", 2.0 / step), new("lr", 2e-5)], 1000, 3L << 29));
        }
    }

    [Fact]
    public void Piped_output_has_the_first_the_last_and_a_line_every_interval()
    {
        Run(new(_output, live: false, _clock, TimeSpan.FromSeconds(10)), 0, 100, 100, 0.5);
        string[] lines = _output.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(["1", "21", "41", "61", "81", "100"], lines.Select(l => l.Split(' ', '/')[1]));
        Assert.Equal("sft 1/100  loss 2  lr 2e-5  2000 tok/s  1.5 GiB  ETA 0:49", lines[0]);
        Assert.Equal("sft 100/100  loss 0.02  lr 2e-5  2000 tok/s  1.5 GiB  in 0:50", lines[^1]);
        Assert.DoesNotContain('\r', _output.ToString());
        Assert.DoesNotContain('\u001b', _output.ToString());
    }

    [Fact]
    public void A_terminal_has_one_line_rewritten_and_left_at_the_end()
    {
        Run(new(_output, live: true, _clock, TimeSpan.FromSeconds(10), () => 31), 0, 50, 50, 0.01);
        string text = _output.ToString();
        string[] shown = text.Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, shown.Length); // steps 1, 11, ... 41 and 50: ten a second
        Assert.All(shown, s => Assert.True(s.IndexOf('\u001b', StringComparison.Ordinal) <= 30, s));
        Assert.EndsWith("\u001b[K\n", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Count(c => c == '\n'));
    }

    [Fact]
    public void A_resumed_stage_counts_its_own_steps_only()
    {
        Run(new(_output, live: false, _clock, TimeSpan.FromSeconds(1000)), 90, 91, 100, 2);
        Assert.Equal("sft 91/100  loss 0.022  lr 2e-5  500 tok/s  1.5 GiB  ETA 0:18\n", _output.ToString());
    }

    [Fact]
    public void A_message_does_not_run_into_the_live_line()
    {
        ProgressDisplay display = new(_output, live: true, _clock, TimeSpan.FromSeconds(1));
        Run(display, 0, 1, 9, 1);
        display.Say("saved");
        Assert.EndsWith("\r\u001b[Ksaved\n", _output.ToString(), StringComparison.Ordinal);
        display.End();
        Assert.EndsWith("saved\n", _output.ToString(), StringComparison.Ordinal);
    }
}
