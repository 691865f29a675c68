using System.CommandLine;
using System.Globalization;
using Hone.Data;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone eval reward-bench</c>: a reward model on RewardBench's pairs.</summary>
internal static class RewardBenchVerb
{
    private const int PassTokens = 16_384;

    public static Command Create(Streams io)
    {
        var model = new Option<string>("--model") { Description = "Folder of the reward model.", Required = true };
        var output = new Option<string?>("--output-path") { Description = "Folder to write the figures to as well." };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
        var dtype = new Option<string>("--dtype") { Description = "float32 or bfloat16.", DefaultValueFactory = _ => "float32" };
        var command = new Verb("reward-bench", "Measure a reward model on RewardBench's pairs.", """
            Accuracy of each subset with Wilson's interval, and the four sections by the published weights. What does not fit
            the model's context keeps the end of its prompt, counted on stderr.

            Example:
              hone eval reward-bench --model models/reward --data hf://datasets/allenai/reward-bench
            """)
        { model, output, device, dtype };
        var data = new DataFlag(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            IReadOnlyList<(string Subset, Preference Pair)> pairs = RewardBench.Read(data.Get(parsed, io));
            string folder = io.Model(parsed.GetRequiredValue(model));
            using PretrainedModel reward = PretrainedModel.OpenRewardModel(folder,
                ComputeTarget.Parse(parsed.GetRequiredValue(device), parsed.GetRequiredValue(dtype)));
            var lengths = new DataReport("pairs");
            RewardBench figures = RewardBench.Of(RewardScoring.Score(reward, pairs, PassTokens, lengths));
            if (lengths.Touched) io.Error.WriteLine(lengths.ToString());
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
            if (parsed.GetValue(output) is { } results) EvalScoreVerb.Write(results, "reward_bench", [(name, figures.ToJson())]);
            if (common.Json(parsed)) ResultPrinter.PrintJson(io.Out, figures.ToJson());
            else Print(io.Out, figures);
            return 0;
        });
        return command;
    }

    private static void Print(TextWriter output, RewardBench figures)
    {
        static string Percent(double share) => (100 * share).ToString("F1", CultureInfo.InvariantCulture);
        output.WriteLine("| | accuracy % | 95% interval | pairs |\n|---|---:|---|---:|");
        foreach ((string section, double value) in figures.Sections) output.WriteLine($"| **{section}** | {Percent(value)} | | |");
        if (figures.Score is { } score) output.WriteLine($"| **mean of sections** | {Percent(score)} | | |");
        foreach ((string subset, (Interval accuracy, int pairs)) in figures.Subsets)
            output.WriteLine($"| {subset} | {Percent(accuracy.Value)} | {Percent(accuracy.Low)} to {Percent(accuracy.High)} | {pairs} |");
    }
}
