// Memory and speed of reading preferences from a JSONL file of the given size: peak memory must not grow with the file.
// Run: dotnet run -c Release --project bench/Reading -- MEGABYTES     (Linux: reads the peak from /proc)
using System.Diagnostics;
using Hone.Data;

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
    string peak = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal))["VmHWM:".Length..].Trim();
    Console.WriteLine($"{size >> 20} MiB, {report.Kept} rows, {characters} characters of answers: {size / 1e6 / seconds:F0} MB/s, peak memory {peak}");
}
finally
{
    File.Delete(path);
}
