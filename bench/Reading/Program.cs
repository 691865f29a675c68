using Hone.Inference;
// Memory and speed of reading preferences from a JSONL file of the given size, and of dealing 1,000 of them out for training:
// peak memory must not grow with the file.
// Run: dotnet run -c Release --project bench/Reading -- MEGABYTES     (Linux: reads the peak from /proc)
using System.Diagnostics;
using Hone.Data;
using Hone.Workflow;
using Hone.Runs.Recipes;
using Hone.Workflow.World;

long size = (args.Length == 1 ? long.Parse(args[0]) : 200) << 20;
string path = Path.Combine(Path.GetTempPath(), $"hone-bench-{Environment.ProcessId}.jsonl");
try
{
    string answer = string.Concat(Enumerable.Repeat("an answer of some length. ", 40));
    using (var file = new StreamWriter(path))
    {
        for (long written = 0, i = 0; written < size; i++)
        {
            string row = $"{{\"prompt\": \"question {i}\", \"chosen\": \"good {answer}\", \"rejected\": \"bad {answer}\"}}\n";
            file.Write(row);
            written += row.Length;
        }
    }
    long start = Stopwatch.GetTimestamp();
    var report = new DataReport(path);
    long characters = DataReader.ReadPreferences(path, report).Sum(r => (long)r.Chosen.Length + r.Rejected.Length);
    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    Console.WriteLine(
        $"{size >> 20} MiB, {report.Kept} rows, {characters} characters of answers: {size / 1e6 / seconds:F0} MB/s, peak memory {Peak()}");

    WorldTokenizer.Write(path + "-model");
    ModelText text = ModelText.Load(path + "-model");
    Recipe recipe = ResolvedRecipe.Parse(
        $"data: {{preferences: {path}, limits: {{preferences: 1000}}, held_out: {{reward: 100}}}}\nreward: {{max_length: 65536}}",
        "recipe").Value;
    start = Stopwatch.GetTimestamp();
    int pairs = FileInputs.Preferences(recipe, text, TrainingRows.RewardLengths(recipe, text), []).Train.Count;
    Console.WriteLine($"{pairs} pairs dealt out and tokenised: {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s, peak memory {Peak()}");
}
finally
{
    File.Delete(path);
    if (Directory.Exists(path + "-model")) Directory.Delete(path + "-model", recursive: true);
}

static string Peak() =>
    File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal))["VmHWM:".Length..].Trim();
