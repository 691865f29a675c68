using System.Diagnostics;
using System.Text;

namespace Bench.Server;

/// <summary>Streams held open at once: time to the first token, between tokens, and whether anyone starves.</summary>
internal static class Load
{
    private const int Tokens = 64;
    private static readonly string[] s_topics = ["sleep", "tea", "bread", "travel", "gardens", "letters", "walking", "music"];

    public static async Task Run(string name, ServerProcess server, int streams, TimeSpan time)
    {
        await One(server, 0, new Figures()); // the first request pays for what is made once
        var all = new Figures();
        var end = Stopwatch.StartNew();
        int[] answered = await Task.WhenAll(Enumerable.Range(0, streams).Select(async stream =>
        {
            int done = 0;
            while (end.Elapsed < time)
            {
                await One(server, (stream * 1000) + done, all);
                done++;
            }
            return done;
        }));
        double seconds = end.Elapsed.TotalSeconds;
        Console.WriteLine($"{name}: {streams} streams for {seconds:F0} s, {answered.Sum()} answers, {all.Errors} errors, "
            + $"{all.Count / seconds:F0} pieces/s; fewest answers of a stream {answered.Min()}, most {answered.Max()}");
        Console.WriteLine($"{name}: first token p50 {all.First(0.5):F0} ms, p99 {all.First(0.99):F0} ms; "
            + $"between tokens p50 {all.Gap(0.5):F1} ms, p99 {all.Gap(0.99):F1} ms; memory {server.Memory >> 20} MiB");
    }

    private static async Task One(ServerProcess server, int seed, Figures figures)
    {
        string body = $$"""
            {"model": "{{server.Model}}", "stream": true, "max_tokens": {{Tokens}}, "temperature": 1, "seed": {{seed}},
             "messages": [{"role": "user", "content": "Give me advice about {{s_topics[seed % s_topics.Length]}}."}]}
            """;
        long start = Stopwatch.GetTimestamp(), last = start;
        bool first = true;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.EnsureSuccessStatusCode();
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            bool finished = false;
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line == "data: [DONE]") finished = true;
                if (!line.Contains("\"content\":\"", StringComparison.Ordinal)) continue;
                long now = Stopwatch.GetTimestamp();
                figures.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds, first);
                (last, first) = (now, false);
            }
            if (!finished) figures.Fail();
        }
        catch (HttpRequestException)
        {
            figures.Fail();
        }
    }

    /// <summary>Times in milliseconds, from all streams.</summary>
    private sealed class Figures
    {
        private readonly List<double> _first = [], _gaps = [];
        private readonly Lock _lock = new();

        public int Errors { get; private set; }

        public int Count => _first.Count + _gaps.Count;

        public void Add(double milliseconds, bool first)
        {
            lock (_lock) (first ? _first : _gaps).Add(milliseconds);
        }

        public void Fail()
        {
            lock (_lock) Errors++;
        }

        public double First(double share) => Percentile.Of(_first, share);

        public double Gap(double share) => Percentile.Of(_gaps, share);
    }
}
