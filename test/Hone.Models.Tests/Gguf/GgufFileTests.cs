using Hone.Models.Gguf;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public class GgufFileTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        using TempFolder folder = new();
        string path = folder.File("x.gguf");
        using Tensor matrix = randn(5, 64), bias = randn(7);
        GgufMetadata metadata = new(path);
        metadata.Add("general.architecture", "llama");
        metadata.Add("n", 7u);
        metadata.Add("negative", -7);
        metadata.Add("half", 0.5f);
        metadata.Add("yes", true);
        metadata.Add("words", new[] { "a", "", "\u00fc\U0001F600" });
        metadata.Add("scores", new[] { 1f, -2f });
        metadata.Add("kinds", new[] { 1, -6 });
        GgufWriter.Write(path, metadata,
        [
            new("bias", [7], GgufTensorType.F32, () => bias.clone()),
            .. new[] { GgufTensorType.F32, GgufTensorType.F16, GgufTensorType.BF16, GgufTensorType.Q8_0, GgufTensorType.Q4_0 }
                .Select(type => new GgufTensor($"{type}", [5, 64], type, () => matrix.clone())),
        ]);

        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(metadata.Keys, file.Metadata.Keys);
        Assert.All(metadata.Keys, key => Assert.Equal(metadata[key], file.Metadata[key]));
        Assert.True(HandMade.SameBits(bias, file.Read("bias", ScalarType.Float32, CPU)));
        Assert.True(HandMade.SameBits(matrix, file.Read("F32", ScalarType.Float32, CPU)));
        Assert.True(HandMade.SameBits(matrix.to(ScalarType.Float16), file.Read("F16", ScalarType.Float16, CPU)));
        Assert.True(HandMade.SameBits(matrix.to(ScalarType.BFloat16), file.Read("BF16", ScalarType.BFloat16, CPU)));
        foreach ((string name, double most) in ((string, double)[])[("Q8_0", 1.0 / 127), ("Q4_0", 1.0 / 8)])
        {
            // An error of at most half a step, in Q4_0 a whole one at the end that has one step less; and the scale's own rounding.
            using Tensor blocks = matrix.view(-1, 32), error = (file.Read(name, ScalarType.Float32, CPU).view(-1, 32) - blocks).abs();
            using Tensor allowed = blocks.abs().amax([1], keepdim: true) * (most * (name == "Q4_0" ? 1.01 : 0.51) + 1e-3);
            Assert.True((error <= allowed).all().item<bool>());
        }
    }

    [Theory]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-gemma3")]
    [InlineData("tiny-qwen3-moe")]
    public void The_converters_files_are_written_again_byte_for_byte(string name)
    {
        string path = SharedData.Require($"gguf/{name}-f32.gguf");
        using TempFolder folder = new();
        using GgufFile file = GgufFile.Open(path);
        GgufWriter.Write(folder.File("again.gguf"), file.Metadata,
            [.. file.Header.Entries.Values.Select(e =>
                new GgufTensor(e.Name, e.Shape, e.Type, () => file.Read(e.Name, ScalarType.Float32, CPU)))]);
        Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder.File("again.gguf"))));
    }

    [Fact]
    public void A_number_too_large_for_its_type_is_an_error_and_no_file_is_left()
    {
        using TempFolder folder = new();
        InputException error = Assert.Throws<InputException>(() => GgufWriter.Write(
            folder.File("x.gguf"), new GgufMetadata(""), [new("big", [1], GgufTensorType.F16, () => full(1, 1e6f))]));
        Assert.Contains("big holds NaN or infinite values as F16", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
