using Hone.Data;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Workflow;
using TorchSharp;

namespace Hone.Bench.Training;

/// <summary>The plan of what a side is about to do.</summary>
internal static class Planned
{
    public static long Bytes(string what, string side, string shape, string type)
    {
        TransformerConfig config = Shapes.Of(shape) with { IsRewardModel = what == "reward" };
        TrainOptions options = new SftOptions
        {
            OptimizerState = side == "small" ? OptimizerState.Int8 : OptimizerState.Fp32,
            CheckpointActivations = side is "small" or "qlora" || (side == "lora" && config.HiddenSize >= 2048)
                ? ActivationCheckpoints.Block : ActivationCheckpoints.None,
        };
        AdapterOptions? adapter = side switch
        {
            "lora" => new AdapterOptions { Rank = 16 },
            "qlora" => new AdapterOptions { Rank = 16, Frozen = FrozenFormat.Nf4 },
            _ => null,
        };
        long tokens = Sides.TrainsOnConversations(what)
            ? Rows.Conversations(what, config.VocabularySize).Sum(r => r.Length)
            : Rows.Pairs(what, config.VocabularySize).Sum(p => p.Prompt.Length + p.Chosen.Length + p.Rejected.Length);
        return TrainingMemory.Of(config, adapter, options, type == "bf16" ? Precision.Bf16 : Precision.Fp32, DeviceType.CPU, tokens).Total;
    }
}
