using System.Globalization;
using Hone.Data;
using Hone.Evaluation;
using Hone.Inference;

namespace Hone.Workflow.Workers;

/// <summary>
/// Rewards of sampled answers from workers that serve the reward model, in token ids (<c>/v1/rewards</c> of <c>hone serve</c>).
/// </summary>
internal static class WorkerRewards
{
    /// <summary>Prompts whose rewards are computed here too, to show that a worker scores with the same weights.</summary>
    private const int Compared = 4;

    /// <summary>Rewards in the order of examples and their answers. [examples][K]</summary>
    /// <param name="reward">The reward model, opened here to compare.</param>
    /// <param name="target">Its weights.</param>
    /// <exception cref="InputException">A worker scores with other weights; both figures are told. Or none answers.</exception>
    public static double[][] Score(WorkerFleet fleet, PretrainedModel reward, WorkerTarget target, IReadOnlyList<PromptExample> examples,
        int maxTokens, CancellationToken cancel)
    {
        if (examples.Count == 0) return [];
        PromptExample[] shown = [.. examples.Take(Compared)];
        double[] here = [.. AnswerScores.Rewards(reward.Model, shown, maxTokens).SelectMany(r => r)];
        double[][] rewards = new double[examples.Count][];
        Task.Run(async () =>
        {
            var dispatch = new Dispatch<Worker, double[]>(fleet.Serving(w => w.Reward is not null), fleet.Options.Requests,
                (worker, i, token) => worker.RewardsAsync(examples[i].Prompt, examples[i].Answers, token),
                ProveAsync, (i, given) => rewards[i] = given, fleet.Say, fleet.Clock, fleet.Wait);
            await dispatch.RunAsync([.. Enumerable.Range(0, rewards.Length)], cancel).ConfigureAwait(false);
        }, CancellationToken.None).GetAwaiter().GetResult();
        return rewards;

        async Task ProveAsync(Worker worker, CancellationToken token)
        {
            if (!worker.IsConnected) await worker.ConnectAsync(token).ConfigureAwait(false);
            if (worker.Reward is not { } model) throw new EndpointException(404, "it serves no reward model");
            await fleet.Refresh.BringAsync(worker, model, target, token).ConfigureAwait(false);
            double[][] answers = await Task.WhenAll(shown.Select(s => worker.RewardsAsync(s.Prompt, s.Answers, token)))
                .ConfigureAwait(false);
            double[] there = [.. answers.SelectMany(r => r)];
            double gap = there.Zip(here, (a, b) => Math.Abs(a - b)).Average(), size = Math.Max(1, here.Average(Math.Abs));
            if (gap > fleet.Options.Tolerance * size)
                throw new InputException(string.Create(CultureInfo.InvariantCulture,
                    $"{worker.Url} scores with other weights than those of {reward.Path}: the mean reward of {here.Length} answers is "
                        + $"{there.Average():F4} there and {here.Average():F4} here, {gap:F4} apart on average, and worker.tolerance is "
                        + $"{fleet.Options.Tolerance}"),
                    fix: "It may hold an older or another reward model. One in a coarser number format needs a larger worker.tolerance.");
        }
    }
}
