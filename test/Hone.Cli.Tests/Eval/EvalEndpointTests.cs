using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>The same benchmarks through <c>hone serve</c>, a process of its own, and in this process.</summary>
public sealed class EvalEndpointTests : IDisposable
{
    private const string Tasks = "humaneval,mbpp,gsm8k,mmlu_anatomy,truthfulqa_mc2,arc_challenge";
    private readonly TempFolder _folder = new();
    private Process? _server;

    [Fact]
    public void All_six_academic_tasks_give_the_same_figures_behind_an_endpoint()
    {
        string model = SharedData.Require("models/tinystories-656k-hf");
        if (Hone.Evaluation.Sandbox.Problem() is { } problem) Assert.Skip($"no sandbox: {problem}");
        string address = Serve(model);
        Result here = Eval(Tasks, "here", "--model", model, "--device", "cpu");
        Result there = Eval(Tasks, "there", "--base-url", address, "--tokenizer", model);
        foreach (string task in Tasks.Split(',')) AssertSame(Samples("here", task), Samples("there", task), task);
        AssertSame(here.Json["results"]!, there.Json["results"]!);
        Result again = Eval(Tasks, "there", "--base-url", address, "--tokenizer", model);
        Assert.Contains("asked 0,", again.Error, StringComparison.Ordinal);
        Assert.Equal(there.Json["results"]!.ToJsonString(), again.Json["results"]!.ToJsonString());
    }

    [Fact]
    public void Texts_in_place_of_ids_give_the_same_figures_where_prompts_fit()
    {
        const string Short = "arc_challenge,truthfulqa_mc1,truthfulqa_mc2";
        string model = SharedData.Require("models/tinystories-656k-hf");
        AssertSame(Eval(Short, "here", "--model", model, "--device", "cpu").Json["results"]!,
            Eval(Short, "there", "--base-url", Serve(model)).Json["results"]!);
        foreach (string task in Short.Split(',')) AssertSame(Samples("here", task), Samples("there", task));
    }

    [Fact]
    public void A_prompt_that_is_too_long_for_the_endpoint_is_counted_and_in_no_figure()
    {
        string model = SharedData.Require("models/tinystories-656k-hf");
        Result result = Eval("arc_challenge", "long", "--base-url", Serve(model), "--num-fewshot", "5", "--limit", "40");
        Assert.Contains("items got no usable reply and are in no figure", result.Error, StringComparison.Ordinal);
        Assert.Contains("context is 512 tokens", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_that_is_not_there_or_serves_another_model_is_told()
    {
        string model = SharedData.Require("models/tinystories-656k-hf");
        string address = Serve(model);
        string[] rest = ["--tasks", "arc_challenge", "--data", SharedData.Require("eval"), "--output-path", _folder.File("x")];
        Assert.Contains("serves no model `gpt-4`",
            Command.Refused(["eval", "--base-url", address, "--model", "gpt-4", .. rest]), StringComparison.Ordinal);
        Assert.Contains("names a route", Command.Refused(["eval", "--base-url", address + "/models", .. rest]), StringComparison.Ordinal);
        Assert.Contains("--tokenizer is for an endpoint",
            Command.Refused(["eval", "--model", model, "--tokenizer", model, .. rest]), StringComparison.Ordinal);
        Assert.Contains("--no-bos needs", Command.Refused(["eval", "--base-url", address, "--no-bos", .. rest]), StringComparison.Ordinal);
        Assert.Contains("cannot be listened on",
            Command.Refused("serve", model, "--port", new Uri(address).Port.ToString()), StringComparison.Ordinal);
        // One flag names all models.
        Assert.Contains("HONE_API_KEY", Command.Refused("serve", model, model, "--served-model-name", "one", "two",
            "--host", "0.0.0.0", "--port", "0"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (_server is { HasExited: false })
        {
            _server.Kill(entireProcessTree: true);
            _server.WaitForExit();
        }
        _server?.Dispose();
        _folder.Dispose();
    }

    private string Serve(string model)
    {
        _server = Command.Start(["serve", model, "--port", "0", "--device", "cpu"]);
        return _server.StandardOutput.ReadLine() ?? throw new InvalidOperationException(_server.StandardError.ReadToEnd());
    }

    private Result Eval(string tasks, string output, params string[] model) => Command.Done(
        ["eval", .. model, "--data", SharedData.Require("eval"), "--tasks", tasks, "--output-path", _folder.File(output),
            "--max-gen-toks", "64", "--json", "--log-samples", .. model.Contains("--limit") ? (string[])[] : ["--limit", "10"]]);

    /// <summary>
    /// Texts are the same to the letter; figures may differ by the rounding of matrix products, whose blocking follows the batch.
    /// </summary>
    private static void AssertSame(JsonNode? a, JsonNode? b, string path = "")
    {
        switch (a)
        {
            case JsonObject o:
                Assert.Equal(o.Select(p => p.Key), b!.AsObject().Select(p => p.Key));
                foreach ((string name, JsonNode? value) in o) AssertSame(value, b[name], $"{path}/{name}");
                break;
            case JsonArray list:
                Assert.Equal(list.Count, b!.AsArray().Count);
                for (int i = 0; i < list.Count; i++) AssertSame(list[i], b[i], $"{path}/{i}");
                break;
            case JsonValue v when double.TryParse(v.ToString(), CultureInfo.InvariantCulture, out double number):
                Assert.True(Math.Abs(number - double.Parse(b!.ToString(), CultureInfo.InvariantCulture)) <= 1e-4, $"{path}: {a} and {b}");
                break;
            default:
                Assert.True(a?.ToJsonString() == b?.ToJsonString(), $"{path}: {a} and {b}");
                break;
        }
    }

    private JsonArray Samples(string output, string task) =>
        [.. File.ReadLines(Directory.EnumerateFiles(_folder.File(output), $"samples_{task}_*.jsonl", SearchOption.AllDirectories).Single())
            .Select(l => JsonNode.Parse(l)!)];
}
