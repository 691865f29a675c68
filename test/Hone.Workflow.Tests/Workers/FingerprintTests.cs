using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Tests.Workers;

/// <summary>A server that answers with anything but the policy's weights stops the run, with both figures.</summary>
public sealed class FingerprintTests : FleetTest
{
    [Theory]
    [InlineData(Speaks.Vllm)]
    [InlineData(Speaks.Sglang)]
    [InlineData(Speaks.Completions)]
    internal async Task Other_weights_are_told_with_both_figures(Speaks speaks)
    {
        StandIn server = await StandInAsync(speaks, seed: 2);
        InputException e = await Assert.ThrowsAsync<InputException>(() =>
            SampleAsync(Fleet(new WorkerOptions { Refresh = "exit 0" }, server.Url)));
        Assert.Matches(@"the mean log-probability of \d+ tokens is -\d+\.\d{4} there and -\d+\.\d{4} here", e.Message);
        Assert.Contains("worker.tolerance is 0.05", e.Message, StringComparison.Ordinal);
        Assert.Contains("int8", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task Within_the_tolerance_they_are_taken()
    {
        StandIn server = await StandInAsync(Speaks.Vllm, seed: 2);
        Assert.Equal(Prompts.Count, (await SampleAsync(Fleet(new WorkerOptions { Tolerance = 50 }, server.Url))).Count);
    }

    /// <summary>SGLang's default: log-probabilities after the temperature. Greedy answers do not show it.</summary>
    [Fact]
    public async Task Log_probabilities_of_the_changed_distribution_are_told()
    {
        StandIn server = await StandInAsync(Speaks.Vllm);
        server.Change = (body, answer) =>
        {
            double temperature = (double)body["sampling_params"]!["temperature"]!;
            if (temperature is 0 or 1) return answer;
            foreach (JsonNode? choice in answer["choices"]!.AsArray())
                foreach (JsonNode? token in choice!["logprobs"]!["content"]!.AsArray())
                    token!["logprob"] = (float)token["logprob"]! / temperature;
            return answer;
        };
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url)));
        Assert.Contains("sampled at temperature 0.7", e.Message, StringComparison.Ordinal);
        Assert.Contains("SGLANG_RETURN_ORIGINAL_LOGPROB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coarser_weights_need_a_larger_tolerance()
    {
        StandIn server = await StandInAsync(Speaks.Vllm, format: SamplingFormat.Int4);
        InputException e = await Assert.ThrowsAsync<InputException>(() =>
            SampleAsync(Fleet(new WorkerOptions { Tolerance = 1e-3 }, server.Url)));
        Assert.Contains("worker.tolerance is 0.001", e.Message, StringComparison.Ordinal);
    }
}
