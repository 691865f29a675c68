using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>Model folders that are broken: each is refused with a message of its own, and nothing is left or changed.</summary>
public class WrongModelTests : StageTest
{
    private const string Embedding = "model.embed_tokens.weight", Norm = "model.norm.weight";

    private string Refused(string model)
    {
        string data = Rows.Conversations(At("sft.jsonl"));
        string[] before = Files(model);
        string sft = Command.Refused(["sft", "--model", model, "--data", data, "--output", At("out"), .. Short("sft")]);
        Assert.False(Path.Exists(At("out")) || Path.Exists(At("out.training")));
        Assert.Equal(before, Files(model));
        // The same folder is refused for the same reason wherever it is opened; sft had told its rows before.
        Assert.EndsWith(Command.Refused("chat", model, "--prompt", "Hello", "--device", "cpu"), sft, StringComparison.Ordinal);
        return sft;
    }

    private static string[] Files(string folder) =>
        [.. Directory.EnumerateFiles(folder).Order().Select(f => $"{f} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}")];

    private string Sharded() => TinyModel.Write(At("sharded"), shardBytes: 20_000);

    private static string[] Shards(string model) => [.. Directory.EnumerateFiles(model, "model-*.safetensors").Order()];

    [Fact]
    public void A_missing_shard_is_named()
    {
        string model = Sharded(), shard = Shards(model)[1];
        File.Delete(shard);
        Assert.Contains(Path.GetFileName(shard), Refused(model), StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_shard_is_named_with_its_sizes()
    {
        string model = Sharded(), shard = Shards(model)[0];
        using (FileStream file = File.OpenWrite(shard)) file.SetLength(file.Length - 100);
        string error = Refused(model);
        Assert.Contains(Path.GetFileName(shard), error, StringComparison.Ordinal);
        Assert.Contains("damaged or incomplete", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_larger_than_the_file_is_refused_before_anything_is_allocated()
    {
        string file = Path.Combine(Model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length);
        File.WriteAllBytes(file, bytes);
        Assert.Contains("header", Refused(Model), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_wrong_dtype_is_named()
    {
        EditHeader(header => header[Norm]!["dtype"] = "I32");
        string error = Refused(Model);
        Assert.Contains($"{Norm} has dtype I32", error, StringComparison.Ordinal);
        Assert.Contains("F32, F16 and BF16", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_tensor_is_named_with_the_one_that_is_too_many()
    {
        EditHeader(header =>
        {
            header["model.extra.weight"] = header[Norm]!.DeepClone();
            header.AsObject().Remove(Norm);
        });
        string error = Refused(Model);
        Assert.Contains($"{Norm} [16] is missing", error, StringComparison.Ordinal);
        Assert.Contains("model.extra.weight [16] is not part of this model", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes()
    {
        EditHeader(header => header[Norm]!["shape"] = new JsonArray(4, 4));
        Assert.Contains($"{Norm} has shape [4, 4], expected [16]", Refused(Model), StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_smaller_than_the_tokenizer_is_refused()
    {
        string config = Path.Combine(Model, "config.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        foreach (string key in new[] { "bos_token_id", "eos_token_id", "pad_token_id" }) json[key] = null;
        json["vocab_size"] = 100;
        File.WriteAllText(config, json.ToJsonString());
        string error = Refused(Model);
        Assert.Contains("vocab_size is 100, but the tokenizer has", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Weights_that_are_no_numbers_are_named(float value)
    {
        string file = Path.Combine(Model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        (JsonNode header, int data) = Header(bytes);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(data + (int)header[Embedding]!["data_offsets"]![0]! + 40), value);
        File.WriteAllBytes(file, bytes);
        Assert.Contains($"{Embedding} holds NaN or infinite values", Refused(Model), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_no_model_says_what_is_missing()
    {
        Assert.Contains("model folder does not exist", Command.Refused("chat", At("none")), StringComparison.Ordinal);
        File.Delete(Path.Combine(Model, "tokenizer.json"));
        Assert.Contains("tokenizer.json", Command.Refused("chat", Model), StringComparison.Ordinal);
    }

    private void EditHeader(Action<JsonNode> edit)
    {
        string file = Path.Combine(Model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        (JsonNode header, int data) = Header(bytes);
        edit(header);
        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString()), length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(file, [.. length, .. json, .. bytes[data..]]);
    }

    private static (JsonNode Header, int Data) Header(byte[] bytes)
    {
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return (JsonNode.Parse(bytes.AsSpan(8, length))!, 8 + length);
    }
}
