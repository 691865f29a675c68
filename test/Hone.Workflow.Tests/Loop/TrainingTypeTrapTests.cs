using Hone.Inference;
using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 26: the public code loads the policy in fp16 and trains it in bf16. Here weights to be trained are fp32, and nothing is ever fp16.
/// </summary>
public sealed class TrainingTypeTrapTests(Unbroken unbroken)
{
    [Theory]
    [InlineData(Precision.Fp32, true, ScalarType.Float32, ScalarType.Float32)]
    [InlineData(Precision.Fp32, false, ScalarType.Float32, ScalarType.Float32)]
    [InlineData(Precision.Bf16, true, ScalarType.Float32, ScalarType.BFloat16)]
    [InlineData(Precision.Bf16, false, ScalarType.BFloat16, ScalarType.BFloat16)]
    public void Trap_26_weights_are_loaded_in_the_type_they_are_used_in(
        Precision precision, bool trainable, ScalarType weights, ScalarType compute)
    {
        using PretrainedModel model = PretrainedModel.Open(unbroken.Model,
            ComputeTarget.Parse("cpu", precision == Precision.Bf16 ? "bfloat16" : "float32"), trainable ? new TrainingStart() : null);
        Assert.Equal(compute, model.Model.ComputeType);
        Assert.All(model.Model.Weights.Values, w => Assert.Equal(weights, w.dtype));
    }
}
