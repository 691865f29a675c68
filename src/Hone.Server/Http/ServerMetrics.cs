using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Hone.Server;

/// <summary>What <c>/metrics</c> tells, in Prometheus' text format. Nothing in it says who asked what.</summary>
internal sealed class ServerMetrics
{
    private static readonly double[] s_bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly ConcurrentDictionary<(string Route, int Status), long> _requests = new();
    private readonly long[] _firstTokens = new long[s_bounds.Length + 1];
    private readonly Lock _gate = new();
    private double _firstTokenSeconds;
    private long _promptTokens, _sampledTokens, _waiting, _running;

    /// <summary>Counts a request that has been answered.</summary>
    /// <param name="route">One of the server's routes: what else was asked for is one route, so that nobody can make more.</param>
    public void Answered(string route, int status) => _requests.AddOrUpdate((route, status), 1, (_, count) => count + 1);

    public void Prompt(int tokens) => Interlocked.Add(ref _promptTokens, tokens);

    public void Sampled() => Interlocked.Increment(ref _sampledTokens);

    public void Wait(int change) => Interlocked.Add(ref _waiting, change);

    public void Run(int change) => Interlocked.Add(ref _running, change);

    public void FirstToken(TimeSpan after)
    {
        int bucket = Array.FindIndex(s_bounds, bound => after.TotalSeconds <= bound);
        lock (_gate)
        {
            _firstTokens[bucket < 0 ? s_bounds.Length : bucket]++;
            _firstTokenSeconds += after.TotalSeconds;
        }
    }

    public string ToText()
    {
        var text = new StringBuilder();
        Head("hone_requests_total", "counter", "Requests answered, by route and status.");
        // Of an array: sorting the dictionary itself fails where a key comes meanwhile.
        foreach (((string route, int status), long count) in _requests.ToArray().OrderBy(r => r.Key))
            Line($"hone_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}");
        Single("hone_prompt_tokens_total", "counter", "Tokens of prompts that were taken.", Interlocked.Read(ref _promptTokens));
        Single("hone_sampled_tokens_total", "counter", "Tokens sampled.", Interlocked.Read(ref _sampledTokens));
        Single("hone_requests_waiting", "gauge", "Requests before their first token.", Interlocked.Read(ref _waiting));
        Single("hone_requests_running", "gauge", "Requests after their first token.", Interlocked.Read(ref _running));
        Head("hone_time_to_first_token_seconds", "histogram", "From a request's arrival to its first token.");
        lock (_gate)
        {
            long sum = 0;
            for (int i = 0; i < s_bounds.Length; i++)
                Line($"hone_time_to_first_token_seconds_bucket{{le=\"{s_bounds[i]}\"}} {sum += _firstTokens[i]}");
            Line($"hone_time_to_first_token_seconds_bucket{{le=\"+Inf\"}} {sum += _firstTokens[^1]}");
            Line($"hone_time_to_first_token_seconds_sum {_firstTokenSeconds}");
            Line($"hone_time_to_first_token_seconds_count {sum}");
        }
        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        void Head(string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");
        void Single(string name, string type, string help, long value)
        {
            Head(name, type, help);
            Line($"{name} {value}");
        }
    }
}
