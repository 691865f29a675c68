using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Workflow.Tests.Loop;
using Hone.Workflow.Workers;

namespace Hone.Workflow.Tests.Workers;

public sealed class WorkerRewardsTests(Unbroken unbroken) : FleetTest
{
    [Fact]
    public async Task Rewards_of_workers_are_those_of_this_process()
    {
        string folder = unbroken.Run.File("reward/model");
        using PretrainedModel reward = Open(folder);
        IReadOnlyList<SampleRow> rows = await SampleAsync(Fleet(await ServeAsync(Model(1))));
        WorkerFleet fleet = Fleet(await ServeAsync(folder, Model(1)), await ServeAsync(folder));
        IReadOnlyList<SampleRow> there = await Task.Run(() =>
            RewardScoring.Score(reward, ModelRef.FromFolder(folder), true, rows, 4096, fleet, default));
        IReadOnlyList<SampleRow> here = RewardScoring.Score(reward.Model, reward.Text, true, rows, 4096);
        foreach ((SampleRow a, SampleRow b) in there.Zip(here))
            Assert.All(a.Rewards!.Zip(b.Rewards!), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public async Task Another_reward_model_is_told_with_both_figures()
    {
        string folder = unbroken.Run.File("reward/model"), other = Folder.File("models/reward");
        using (PretrainedModel model = Open(folder))
        using (TorchSharp.torch.no_grad())
        {
            model.Model.Weights[WeightNames.RewardHead].mul_(-3);
            CheckpointFolder.Save(other, model.Model.Weights, model.Model.Config, TorchSharp.torch.ScalarType.Float32, folder);
        }
        using PretrainedModel reward = Open(folder);
        IReadOnlyList<SampleRow> rows = await SampleAsync(Fleet(await ServeAsync(Model(1))));
        WorkerFleet fleet = Fleet(new WorkerOptions { Tolerance = 1e-3 }, await ServeAsync(other));
        InputException e = await Assert.ThrowsAsync<InputException>(() => Task.Run(() =>
            RewardScoring.Score(reward, ModelRef.FromFolder(folder), true, rows, 4096, fleet, default)));
        Assert.Matches(@"the mean reward of \d+ answers is -?\d+\.\d{4} there and -?\d+\.\d{4} here", e.Message);
    }
}
