using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hone.Runs.Metrics;

/// <summary><c>log.jsonl</c>: rows <c>{"time":"2025-01-31T12:00:00.000Z","level":"info","message":"..."}</c>, appended.</summary>
internal sealed class RunLog(string path, TimeProvider clock) : IDisposable
{
    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly StreamWriter _file =
        new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true, NewLine = "\n" };

    public void Info(string message) => Write("info", message);

    public void Warn(string message) => Write("warning", message);

    public void Dispose() => _file.Dispose();

    private void Write(string level, string message)
    {
        string time = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Dictionary<string, string> row = new() { ["time"] = time, ["level"] = level, ["message"] = message };
        _file.WriteLine(JsonSerializer.Serialize(row, s_readable));
    }
}
