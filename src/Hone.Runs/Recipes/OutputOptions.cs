using System.ComponentModel.DataAnnotations;

namespace Hone.Runs.Recipes;

/// <summary>How the policies are compared at the end.</summary>
public sealed record EvaluationOptions
{
    [Comment("false leaves the evaluation out.")]
    [DoesNotChangeResult]
    public bool Enabled { get; init; } = true;

    [Comment("Files with test prompts of their own; empty = data.held_out.test of data.prompts.")]
    [RecipePath]
    [Decides(StagePart.Given)]
    public IReadOnlyList<string> Prompts { get; init; } = [];

    [Comment("Softmax temperature of the answers; 0 = greedy.")]
    [Range(0.0, 10.0)]
    [Decides(StagePart.Answers)]
    public double Temperature { get; init; }

    [Comment("Most tokens of an answer.")]
    [Range(1, 16_777_216)]
    [Decides(StagePart.Answers)]
    public int MaxNewTokens { get; init; } = 1024;

    [Comment("Bootstrap resamples behind each interval.")]
    [Range(100, 1_000_000)]
    [Decides(StagePart.Table)]
    public int BootstrapSamples { get; init; } = 2000;
}

/// <summary>What is kept on disk.</summary>
public sealed record SaveOptions
{
    [Comment("Training states kept per stage; the newest is always one of them.")]
    [Range(1, 1000)]
    [DoesNotChangeResult]
    public int KeepCheckpoints { get; init; } = 1;

    [Comment("Largest safetensors file of a saved model, in megabytes.")]
    [Range(1, 1_000_000)]
    [DoesNotChangeResult]
    public int ShardMegabytes { get; init; } = 5000;
}

/// <summary>The run's report.</summary>
public sealed record ReportOptions
{
    [Comment("Prompts whose answers are shown side by side.")]
    [Range(0, 1000)]
    [DoesNotChangeResult]
    public int Samples { get; init; } = 8;

    [Comment("Address of an MLflow server that is sent the metrics while a stage runs, such as http://127.0.0.1:5000; empty = none.")]
    [RegularExpression("https?://\\S+", ErrorMessage = "an address that begins with http:// or https://")]
    [DoesNotChangeResult]
    public string Mlflow { get; init; } = "";
}
