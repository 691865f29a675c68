using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Workflow.Workers;

namespace Hone.Workflow.Tests.Workers;

/// <summary>How servers get the weights of an iteration.</summary>
public sealed class WeightRefreshTests : FleetTest
{
    [Theory]
    [InlineData(Speaks.Vllm)]
    [InlineData(Speaks.Sglang)]
    internal async Task An_adapter_is_loaded_asked_and_replaced(Speaks speaks)
    {
        StandIn server = await StandInAsync(speaks);
        using PretrainedModel first = Open(Adapter("one", Model(1), 0.2)), second = Open(Adapter("two", Model(1), -0.3));
        Assert.NotEqual(Here(), Here(first));
        WorkerOptions options = new() { Tolerance = 1e-4 };
        WorkerFleet fleet = Fleet(options, server.Url);
        string one = Text(await SampleAsync(fleet, first, own: false)), two = Text(await SampleAsync(fleet, second, own: false));
        if (speaks == Speaks.Vllm) Assert.Equal((Here(first), Here(second)), (one, two)); // SGLang has no seeds
        Assert.Equal(["hone-vtwo"], server.Adapters);
        // A process that goes on finds it there.
        Assert.Equal(Prompts.Count, (await SampleAsync(Fleet(options, server.Url), second, own: false)).Count);
    }

    /// <summary>A network's file system shows to others later what was just written.</summary>
    [Theory]
    [InlineData(Speaks.Vllm, true)]
    [InlineData(Speaks.Sglang, true)]
    [InlineData(Speaks.Sglang, false)]
    internal async Task What_arrives_late_is_waited_for(Speaks speaks, bool adapter)
    {
        StandIn server = await StandInAsync(speaks);
        server.LateFor = 3;
        using PretrainedModel policy = Open(adapter ? Adapter("one", Model(1), 0.2) : Model(2));
        WorkerFleet fleet = Fleet(new WorkerOptions { Tolerance = 1e-4 }, server.Url);
        Assert.Equal(Prompts.Count, (await SampleAsync(fleet, policy, own: false)).Count);
        Assert.Equal(0, server.LateFor);
    }

    [Fact]
    public async Task An_adapter_that_does_not_answer_is_found()
    {
        StandIn server = await StandInAsync(Speaks.Vllm);
        server.ForgetsAdapters = true;
        using PretrainedModel adapter = Open(Adapter("one", Model(1), 0.2));
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url), adapter, own: false));
        Assert.Matches(@"-\d+\.\d{4} there and -\d+\.\d{4} here", e.Message);
    }

    [Fact]
    public async Task Hone_serve_loads_adapters_and_all_weights()
    {
        string a = await ServeAsync(Model(1)), b = await ServeAsync(Model(1));
        using PretrainedModel adapter = Open(Adapter("one", Model(1), 0.2)), other = Open(Model(2));
        WorkerFleet fleet = Fleet(new WorkerOptions { Tolerance = 1e-4 }, a, b);
        Assert.Equal(Here(), Text(await SampleAsync(fleet)));
        Assert.Equal(Here(adapter), Text(await SampleAsync(fleet, adapter, own: false)));
        Assert.Equal(Here(other), Text(await SampleAsync(fleet, other, own: false)));
        Assert.Equal(Here(), Text(await SampleAsync(fleet)));
    }

    [Fact]
    public async Task Sglang_loads_all_weights()
    {
        StandIn server = await StandInAsync(Speaks.Sglang);
        using PretrainedModel other = Open(Model(2));
        Assert.Equal(Prompts.Count, (await SampleAsync(Fleet(server.Url), other, own: false)).Count);
    }

    /// <summary>Whoever restarts a server in the middle brings back the weights that it was started with.</summary>
    [Fact]
    public async Task A_server_with_other_weights_than_it_was_given_is_left_out()
    {
        StandIn server = await StandInAsync(Speaks.Sglang);
        using PretrainedModel other = Open(Model(2));
        server.Change = (body, answer) =>
        {
            if (!StandIn.IsProof(body)) (answer.GetValueKind() == System.Text.Json.JsonValueKind.Array ? answer[0]! : answer)["meta_info"]!
                ["weight_version"] = "default";
            return answer;
        };
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url), other, own: false));
        Assert.Contains("the weights `default` answered in place of `v2`", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_way_the_run_stops_and_says_which_there_are()
    {
        StandIn server = await StandInAsync(Speaks.Vllm);
        using PretrainedModel other = Open(Model(2));
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url), other, own: false));
        Assert.Contains("cannot be brought to the weights", e.Message, StringComparison.Ordinal);
        Assert.Contains("worker.refresh", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_is_run_for_each_worker()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("the command is one of a POSIX shell");
        StandIn a = await StandInAsync(Speaks.Vllm, seed: 2), b = await StandInAsync(Speaks.Vllm, seed: 2);
        using PretrainedModel other = Open(Model(2));
        string log = Folder.File("log");
        string command = $"echo \"$HONE_WORKER $HONE_MODEL $HONE_VERSION\" >> '{log}'";
        string rows = Text(await SampleAsync(Fleet(new WorkerOptions { Refresh = command }, a.Url, b.Url), other, own: false));
        Assert.Equal(Here(other), rows);
        Assert.Equal(((string[])[$"{a.Url} {Model(2)} v2", $"{b.Url} {Model(2)} v2"]).Order(), (await File.ReadAllLinesAsync(log)).Order());
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(
            Fleet(new WorkerOptions { Refresh = "echo no such host >&2; exit 3" }, a.Url), Open(Model(3)), own: false));
        Assert.Contains("ended with code 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("no such host", e.Message, StringComparison.Ordinal);
    }
}
