using System.Text;
using System.Text.Json;
using CsCheck;
using Hone.Runs.Metrics;

namespace Hone.Runs.Tests.Metrics;

public class MetricsLogTests
{
    private static KeyValuePair<string, double>[] Values(double loss) => [new("loss", loss), new("rewards/margins", -0.25)];

    [Fact]
    public void A_row_is_one_line_of_json()
    {
        using TempFolder folder = new();
        using (MetricsLog log = new(folder.File("m.jsonl"))) log.Append("sft", 10, [new("loss", 0.1 + 0.2), new("eval/loss", double.NaN)]);
        Assert.Equal("{\"stage\":\"sft\",\"step\":10,\"loss\":0.30000000000000004,\"eval/loss\":\"NaN\"}\n",
            File.ReadAllText(folder.File("m.jsonl")));
    }

    [Fact]
    public void Any_number_reads_back_exactly()
    {
        using TempFolder folder = new();
        Gen.Double.Array[1, 5].Sample(numbers =>
        {
            File.Delete(folder.File("m.jsonl"));
            using (MetricsLog log = new(folder.File("m.jsonl")))
                log.Append("s", 1, numbers.Select((n, i) => KeyValuePair.Create($"v{i}", n)));
            MetricsRow row = Assert.Single(MetricsRow.Read(folder.File("m.jsonl")));
            return row.Values.Values.SequenceEqual(numbers);
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void Resumed_at_any_step_the_file_ends_the_same()
    {
        using TempFolder folder = new();
        const int Steps = 12;
        byte[] Unbroken()
        {
            using MetricsLog log = new(folder.File("unbroken.jsonl"));
            for (int step = 1; step <= Steps; step++) log.Append("dpo", step, Values(1.0 / step));
            log.Dispose();
            return File.ReadAllBytes(folder.File("unbroken.jsonl"));
        }
        byte[] expected = Unbroken();
        for (int saved = 0; saved <= Steps; saved++)
        {
            for (int killed = saved; killed <= Steps; killed++)
            {
                string path = folder.File($"{saved}-{killed}.jsonl");
                long offset = 0;
                using (MetricsLog log = new(path))
                {
                    for (int step = 1; step <= killed; step++)
                    {
                        log.Append("dpo", step, Values(1.0 / step));
                        if (step == saved) offset = log.Sync();
                    }
                }
                File.AppendAllText(path, "{\"stage\":\"dpo\",\"st"); // the kill tore a row
                using (MetricsLog log = new(path))
                {
                    log.CutTo(offset);
                    for (int step = saved + 1; step <= Steps; step++) log.Append("dpo", step, Values(1.0 / step));
                }
                Assert.Equal(expected, File.ReadAllBytes(path));
            }
        }
    }

    [Fact]
    public void A_file_that_lost_rows_is_refused()
    {
        using TempFolder folder = new();
        using MetricsLog log = new(folder.File("m.jsonl"));
        log.Append("sft", 1, Values(1));
        long one = log.Sync();
        Assert.Contains("rows are lost", Assert.Throws<InputException>(() => log.CutTo(one + 1)).Message, StringComparison.Ordinal);
        Assert.Contains("ends no row", Assert.Throws<InputException>(() => log.CutTo(one - 1)).Message, StringComparison.Ordinal);
        log.CutTo(one);
        Assert.Equal(one, log.Length);
    }

    [Fact]
    public void A_broken_row_is_named()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("m.jsonl"), "{\"stage\":\"sft\",\"step\":1}\n{\"stage\":3}\n");
        InputException e = Assert.Throws<InputException>(() => MetricsRow.Read(folder.File("m.jsonl")).ToList());
        Assert.EndsWith("m.jsonl:2", e.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_appends_rows_with_time_and_level()
    {
        using TempFolder folder = new();
        TestClock clock = new();
        using (RunLog log = new(folder.File("log.jsonl"), clock)) log.Info("a \"b\"\nc");
        clock.Pass(1.5);
        using (RunLog log = new(folder.File("log.jsonl"), clock)) log.Warn("d");
        string[] lines = File.ReadAllLines(folder.File("log.jsonl"), Encoding.UTF8);
        Assert.Equal(2, lines.Length);
        Assert.Equal("a \"b\"\nc", JsonDocument.Parse(lines[0]).RootElement.GetProperty("message").GetString());
        Assert.Equal("{\"time\":\"2025-01-31T12:00:01.500Z\",\"level\":\"warning\",\"message\":\"d\"}", lines[1]);
    }
}
