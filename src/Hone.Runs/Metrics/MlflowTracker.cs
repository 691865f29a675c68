using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Hone.Runs.Metrics;

/// <summary>
/// Sends metrics to an MLflow server (REST API 2.0) while a run goes on: an MLflow run for each stage, named RUN/STAGE, in the
/// experiment of <c>MLFLOW_EXPERIMENT_NAME</c> or "hone". Credentials are taken from <c>MLFLOW_TRACKING_TOKEN</c>, or
/// <c>MLFLOW_TRACKING_USERNAME</c> and <c>MLFLOW_TRACKING_PASSWORD</c>, as MLflow's own client does. Requests are made beside the
/// training and one after the other; the first that fails ends the sending, with a word.
/// </summary>
internal sealed class MlflowTracker : IMetricsWatcher
{
    private const int MostMetrics = 1000; // of one log-batch request, by the API's own limit
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly string _run;
    private readonly IReadOnlyList<ResolvedSetting> _settings;
    private readonly TimeProvider _clock;
    private readonly Action<string> _say;
    private readonly HttpClient _http;
    private readonly Channel<Func<Task>> _work = Channel.CreateUnbounded<Func<Task>>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private string? _experiment, _id;
    private string? _waiting; // the stage begun last, until it measures something

    /// <param name="address">Of the server, such as <c>http://127.0.0.1:5000</c>.</param>
    /// <param name="run">Name of the run.</param>
    /// <param name="settings">Logged as parameters of every stage.</param>
    public MlflowTracker(Uri address, string run, IReadOnlyList<ResolvedSetting> settings, TimeProvider clock, Action<string> say)
    {
        (_run, _settings, _clock, _say) = (run, settings, clock, say);
        _http = new HttpClient { BaseAddress = new Uri($"{address.ToString().TrimEnd('/')}/api/2.0/mlflow/"), Timeout = s_patience };
        _http.DefaultRequestHeaders.Authorization = Credentials();
        _sending = Task.Run(SendAsync);
    }

    public string Name => "MLflow";

    public void Begin(string stage, IReadOnlyList<MetricsRow> rows, bool more)
    {
        End();
        if (!more) return;
        long now = Now();
        bool begun = rows.Count > 0;
        if (begun) Do(() => BeginRunAsync(stage, now));
        _waiting = begun ? null : stage;
        foreach (MetricsRow[] part in rows.Chunk(50)) Do(() => LogAsync([.. part.SelectMany(r => Metrics(r.Step, r.Values, now))]));
    }

    public void Append(string stage, long step, IReadOnlyDictionary<string, double> values)
    {
        long now = Now();
        if (_waiting is not null) Do(() => BeginRunAsync(stage, now));
        _waiting = null;
        Do(() => LogAsync([.. Metrics(step, values, now)]));
    }

    public void End() => Do(() => EndRunAsync("FINISHED"));

    /// <summary>Sends what is left, for some seconds at most.</summary>
    public void Dispose()
    {
        Do(() => EndRunAsync("KILLED"));
        _work.Writer.TryComplete();
        if (!_sending.Wait(s_patience)) _stop.Cancel();
        _http.Dispose();
    }

    private void Do(Func<Task> request) => _work.Writer.TryWrite(request);

    private async Task SendAsync()
    {
        try
        {
            await foreach (Func<Task> request in _work.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
                await request().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever it was, the training is worth more.
            _work.Writer.TryComplete();
            if (!_stop.IsCancellationRequested) _say($"metrics are no longer sent to MLflow at {_http.BaseAddress}: {e.Message}");
        }
    }

    private async Task BeginRunAsync(string stage, long time)
    {
        _experiment ??= await ExperimentAsync().ConfigureAwait(false);
        JsonNode made = await PostAsync("runs/create", new JsonObject
        {
            ["experiment_id"] = _experiment,
            ["run_name"] = $"{_run}/{stage}",
            ["start_time"] = time,
            ["tags"] = new JsonArray(Pair("mlflow.source.name", "hone"), Pair("hone.run", _run), Pair("hone.stage", stage)),
        }).ConfigureAwait(false);
        _id = (string?)made["run"]?["info"]?["run_id"] ?? throw new HttpRequestException("runs/create gave no run_id");
        // The API takes a hundred parameters at a time, of at most 6,000 characters.
        foreach (ResolvedSetting[] part in _settings.Where(s => s.Value.Length is > 0 and < 6000).Chunk(100))
            await PostAsync("runs/log-batch", new JsonObject
            {
                ["run_id"] = _id,
                ["params"] = new JsonArray([.. part.Select(s => Pair(s.Key, s.Value))]),
            }).ConfigureAwait(false);
    }

    private async Task<string> ExperimentAsync()
    {
        string name = Environment.GetEnvironmentVariable("MLFLOW_EXPERIMENT_NAME") is { Length: > 0 } given ? given : "hone";
        using HttpResponseMessage found = await _http
            .GetAsync($"experiments/get-by-name?experiment_name={Uri.EscapeDataString(name)}", _stop.Token).ConfigureAwait(false);
        JsonNode? answer = found.IsSuccessStatusCode
            ? (await ReadAsync(found).ConfigureAwait(false))["experiment"]
            : found.StatusCode == System.Net.HttpStatusCode.NotFound
                ? await PostAsync("experiments/create", new JsonObject { ["name"] = name }).ConfigureAwait(false)
                : throw new HttpRequestException($"experiments/get-by-name answered {(int)found.StatusCode}");
        return (string?)answer?["experiment_id"] ?? throw new HttpRequestException($"the experiment {name} has no experiment_id");
    }

    private async Task LogAsync(JsonObject[] metrics)
    {
        foreach (JsonObject[] part in metrics.Chunk(MostMetrics))
            await PostAsync("runs/log-batch", new JsonObject { ["run_id"] = _id, ["metrics"] = new JsonArray([.. part]) })
                .ConfigureAwait(false);
    }

    private async Task EndRunAsync(string status)
    {
        if (_id is null) return;
        var update = new JsonObject { ["run_id"] = _id, ["status"] = status, ["end_time"] = Now() };
        _id = null;
        await PostAsync("runs/update", update).ConfigureAwait(false);
    }

    private async Task<JsonNode> PostAsync(string path, JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _http.PostAsync(path, content, _stop.Token).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode) throw new HttpRequestException($"{path} answered {(int)answer.StatusCode}");
        return await ReadAsync(answer).ConfigureAwait(false);
    }

    private async Task<JsonNode> ReadAsync(HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonNode>(_stop.Token).ConfigureAwait(false) ?? new JsonObject();

    private static IEnumerable<JsonObject> Metrics(long step, IReadOnlyDictionary<string, double> values, long time) =>
        values.Where(v => double.IsFinite(v.Value)).Select(v => new JsonObject
        {
            ["key"] = MetricTags.Of(v.Key),
            ["value"] = v.Value,
            ["timestamp"] = time,
            ["step"] = step,
        });

    private static JsonObject Pair(string key, string value) => new() { ["key"] = key, ["value"] = value };

    private long Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static AuthenticationHeaderValue? Credentials()
    {
        static string? Of(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
        if (Of("MLFLOW_TRACKING_TOKEN") is { } token) return new("Bearer", token);
        return Of("MLFLOW_TRACKING_USERNAME") is { } user
            ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{user}:{Of("MLFLOW_TRACKING_PASSWORD")}"))))
            : null;
    }
}
