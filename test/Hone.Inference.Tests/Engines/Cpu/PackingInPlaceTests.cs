using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests.Engines.Cpu;

/// <summary>Weights packed from the file's own pages, as they are stored, beside those read into tensors of the wanted format.</summary>
public sealed class PackingInPlaceTests : IDisposable
{
    private static readonly int[] s_ids = [.. Enumerable.Range(0, 40).Select(i => (7 * i) % 61)];
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Every_format_has_the_bits_of_weights_that_were_read(ScalarType stored)
    {
        using Transformer random = TestModels.Random();
        string folder = _folder.File("model");
        CheckpointFolder.Save(folder, random.Weights, random.Config, stored, tokenizerFolder: null);
        TransformerConfig config = ConfigFile.Load(folder);
        foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            var target = new ComputeTarget(CPU, type);
            using Transformer read = ModelWeights.Load(folder, config, target, training: null),
                inPlace = ModelWeights.Load(folder, config, target, training: null, packs: true);
            Assert.All(read.Weights.Values, w => Assert.Equal(type, w.dtype));
            if (type == ScalarType.Float32) Assert.All(inPlace.Weights.Values, w => Assert.Equal(stored, w.dtype));
            foreach (CpuFormat format in Enum.GetValues<CpuFormat>()) Assert.Equal(Logits(read, format), Logits(inPlace, format));
            // The model itself computes with them, too: cast where they are used.
            EngineRunner.AssertClose(EngineRunner.Expected(read, s_ids)[^1], EngineRunner.Expected(inPlace, s_ids)[^1], 1e-4, $"{type}");
            // A policy that is updated is packed from what it holds then.
            float[] before = Logits(inPlace, CpuFormat.Int8);
            using (no_grad())
                foreach (Transformer model in (Transformer[])[read, inPlace])
                    model.Weights["model.layers.0.mlp.down_proj.weight"].mul_(-1);
            Assert.NotEqual(before, Logits(inPlace, CpuFormat.Int8));
            Assert.Equal(Logits(read, CpuFormat.Int8), Logits(inPlace, CpuFormat.Int8));
        }
    }

    public void Dispose() => _folder.Dispose();

    private static float[] Logits(Transformer model, CpuFormat format)
    {
        using var runner = new EngineRunner(model, format);
        return runner.Decode(s_ids, 30)[^1];
    }
}
