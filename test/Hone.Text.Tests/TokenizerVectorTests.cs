using System.Text.Json;

namespace Hone.Text.Tests;

/// <summary>Ids and texts published by others, row by row.</summary>
public sealed class TokenizerVectorTests
{
    [Theory]
    [InlineData("tokenizers/llama3-hf", 63)]
    [InlineData("tokenizers/minueza-32m-chat", 74)]
    [InlineData("models/stories260K-hf", 71)]
    [InlineData("models/tinystories-656k-hf", 56)]
    public void Oracle_rows_are_exact_in_both_directions(string folder, int rows)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require(folder));
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_oracle.jsonl"))
        {
            if (row.Text("tokenizer") != folder + "/tokenizer.json") continue;
            string text = row.Text("text");
            Assert.Equal(row.Ids("ids"), tokenizer.Encode(text, parseSpecial: true));
            Assert.Equal(row.Ids("ids_with_special"), tokenizer.Encode(text, addSpecial: true, parseSpecial: true));
            Assert.Equal(row.Text("decoded"), tokenizer.Decode(row.Ids("ids")));
            Assert.Equal(row.Text("decoded_skip_special"), tokenizer.Decode(row.Ids("ids"), skipSpecial: true));
            exact++;
        }
        Assert.Equal(rows, exact);
    }

    [Fact]
    public void Llama3_rows_of_llama_cpp_and_meta_are_exact()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tokenizers/llama3-hf"));
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_vectors.jsonl").Concat(VectorFile.Read("chat_token_vectors.jsonl")))
        {
            if (row.Text("tokenizer") != "llama-bpe" || !row.TryGetProperty("text", out _)) continue;
            List<int> ids = [.. tokenizer.Encode(row.Text("text"), parseSpecial: true)];
            if (row.Flag("bos")) ids.Insert(0, tokenizer.BosId!.Value);
            if (row.Flag("eos")) ids.Add(tokenizer.EosId!.Value);
            Assert.Equal(row.Ids("ids"), ids);
            exact++;
        }
        Assert.Equal(56, exact);
    }
}
