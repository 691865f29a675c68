using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hone.Models.Gguf;
using Hone.Text;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Cli.Tests;

/// <summary>
/// Exported files in llama.cpp itself, whose programs are in the folder that <c>HONE_LLAMA_CPP</c> names;
/// <c>eng/gguf-check.sh</c> sets it. Without it these tests are skipped.
/// </summary>
public sealed class LlamaCppTests
{
    private const int Unset = 1 << 20;

    public static TheoryData<string> Models =>
        [.. SharedData.TryGet("vectors/forward_families.jsonl") is { } path ? Rows(path).Select(r => r.Model).Distinct() : ["none"]];

    [Theory]
    [MemberData(nameof(Models))]
    public void Greedy_text_of_a_family_is_the_expected_one(string model)
    {
        string folder = SharedData.Require($"models/{model}");
        Tokenizer tokenizer = Tokenizer.Load(folder);
        using TempFolder temp = new();
        string file = temp.File("model.gguf"), notes = Command.Done("export", folder, "--gguf", "F32", "--output", file).Error;
        // Up to the length that the export told, where llama.cpp does not run the model's window.
        int same = notes.Contains("the same up to", StringComparison.Ordinal)
            ? int.Parse(notes.Split("the same up to ")[1].Split(' ')[0])
            : Unset;
        int? original = model is "tiny-phi3-longrope" or "tiny-phi4-mini"
            ? 256
            : null; // llama.cpp chooses longrope's factors once, by the context's length
        int compared = 0;
        foreach ((_, string text, int prompt, int[] greedy) in
            Rows(SharedData.Require("vectors/forward_families.jsonl")).Where(r => r.Model == model))
        {
            int most = prompt <= original ? original.Value - prompt : Math.Max(0, same - prompt + 1);
            IEnumerable<int> expected = greedy.Take(most).TakeWhile(id => id != tokenizer.EosId);
            byte[] bytes = [.. expected.SelectMany(id => Printed(tokenizer, id))];
            if (bytes.Length == 0) continue;
            int context = prompt <= original ? original.Value : 512;
            byte[] answer = Complete(bytes, "-m", file, "-p", text, "-n", $"{expected.Count() + 16}", "-c", $"{context}", "--no-escape");
            Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(answer.AsSpan(0, Math.Min(bytes.Length, answer.Length))));
            compared++;
        }
        Assert.True(compared > 0);
    }

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Quantised_tensors_are_those_of_llama_quantize(string type)
    {
        string folder = SharedData.Require("models/tiny-qwen2");
        using TempFolder temp = new();
        foreach (string name in new[] { "F32", type })
            Command.Done("export", folder, "--gguf", name, "--output", temp.File($"{name}.gguf"));
        Run("llama-quantize", "--pure", temp.File("F32.gguf"), temp.File("theirs.gguf"), type, "1");
        using GgufFile ours = GgufFile.Open(temp.File($"{type}.gguf")), theirs = GgufFile.Open(temp.File("theirs.gguf"));
        foreach (GgufEntry entry in ours.Header.Entries.Values)
        {
            if (type == "Q4_0" && entry.Name == "output.weight") continue; // 8 bits here
            Assert.Equal(theirs.Header.Entries[entry.Name].Type, entry.Type);
            using Tensor a = ours.Read(entry.Name, ScalarType.Float32, CPU), b = theirs.Read(entry.Name, ScalarType.Float32, CPU);
            Assert.True(a.bytes.SequenceEqual(b.bytes), entry.Name);
        }
    }

    // A byte-level vocabulary with a chat template: ids, and greedy text of a conversation.
    [Fact]
    public void The_small_worlds_model_answers_a_conversation_alike()
    {
        using TempFolder temp = new();
        string folder = temp.File("world"), file = temp.File("world.gguf");
        WorldBaseModel.Write(folder);
        Command.Done("export", folder, "--gguf", "F32", "--output", file);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        const string Text = "Where is the lamp, Anna? It's 1234 m away \u00fc\u00df \u4eca\u65e5.";
        string ids = Encoding.UTF8.GetString(Run("llama-tokenize", "-m", file, "-p", Text, "--ids", "--log-disable"));
        Assert.Equal(tokenizer.Encode(Text, addSpecial: true), JsonSerializer.Deserialize<int[]>(ids[ids.LastIndexOf('[')..])!);
        string ours =
            Command.Done("chat", folder, "--prompt", "Where is the lamp?", "--temperature", "0", "--device", "cpu").Out.TrimEnd('\n');
        byte[] answer =
            Complete(Encoding.UTF8.GetBytes(ours), "-m", file, "-p", "<|user|>Where is the lamp?<|end|><|assistant|>", "-n", "96");
        Assert.StartsWith(ours, Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
    }

    private static IEnumerable<(string Model, string Text, int Prompt, int[] Greedy)> Rows(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement row = json.RootElement;
            yield return (row.GetProperty("model").GetString()!, row.GetProperty("text").GetString()!,
                row.GetProperty("ids").GetArrayLength(),
                [.. row.GetProperty("greedy_24").EnumerateArray().Select(v => v.GetInt32())]);
        }
    }

    // What llama-completion prints for a token: control tokens are hidden, and a zero byte does not pass through printf.
    private static byte[] Printed(Tokenizer tokenizer, int id)
    {
        string token = tokenizer.TokenOf(id);
        if (tokenizer.SpecialIds.Contains(id)) return [];
        if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal))
            return Convert.FromHexString(token[3..5]) is [not 0] bytes ? bytes : [];
        return Encoding.UTF8.GetBytes(token.Replace('\u2581', ' '));
    }

    // The program may end before its printing thread has printed all. So more is asked for than is compared, and what is still too
    // short is asked again.
    private static byte[] Complete(byte[] expected, params string[] args)
    {
        byte[] answer = [];
        for (int i = 0; i < 20 && !answer.AsSpan().StartsWith(expected); i++)
        {
            answer = Run("llama-completion",
            [
                .. args, "--temp", "0", "-t", "1", "-no-cnv", "--no-warmup", "-ctk", "f32", "-ctv", "f32", "-fa", "off", "--no-display-prompt",
            ]);
        }
        return answer;
    }

    private static byte[] Run(string program, params string[] args)
    {
        string? folder = Environment.GetEnvironmentVariable("HONE_LLAMA_CPP");
        if (folder is null) Assert.Skip("HONE_LLAMA_CPP names no folder with llama.cpp's programs; see eng/gguf-check.sh");
        ProcessStartInfo start =
            new(Path.Combine(folder, program), args)
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
                RedirectStandardInput = true
            };
        start.Environment["LD_LIBRARY_PATH"] = folder;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        string problem = errors.GetAwaiter().GetResult();
        Assert.True(process.ExitCode == 0, $"{program}: exit code {process.ExitCode}\n{problem[Math.Max(0, problem.Length - 2000)..]}");
        return output.ToArray();
    }
}
