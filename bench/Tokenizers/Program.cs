// Speed of Llama-3's tokenizer on one core, beside Microsoft.ML.Tokenizers and Hugging Face's JavaScript tokenizers.
// Run: dotnet run -c Release --project bench/Tokenizers -- DATA
// DATA holds tokenizers/llama3-hf, tokenizers/llama3 and corpora. Node.js and npm are needed for the third column; without
// them it is left out. Every tokenizer meets each text once before the clock runs: all three keep a cache of words.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

const int Rounds = 7, DocumentSize = 4096;
const string Pattern =
    @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
string data = args.Length == 1 ? args[0] : throw new ArgumentException("give the data folder");
string folder = Path.Combine(data, "tokenizers/llama3-hf"), ranks = Path.Combine(data, "tokenizers/llama3/tokenizer.model");

// First of all, while nothing is compiled yet: what a chat waits for its template.
string jinja = Path.Combine(data, "chat_templates/meta-llama-Llama-3.1-8B-Instruct.jinja");
var bos = new Dictionary<string, object?> { ["bos_token"] = "<|begin_of_text|>" };
double template = Time(() => Hone.Text.ChatTemplate.Parse(File.ReadAllText(jinja))
    .Render([Hone.Text.ChatMessage.User("Hello")], addGenerationPrompt: true, bos));

(string Name, string[] Documents)[] texts =
[
    ("tinyshakespeare", Documents(Corpus("tinyshakespeare.txt"))),
    ("tinystories", Documents(Corpus("tinystories_944k.txt"))),
    ("code instructions", Documents(Corpus("code_alpaca_2k.json"))),
    ("many scripts", Documents(string.Join('\n', Enumerable.Repeat(
        File.ReadLines(Path.Combine(data, "vectors/tokenizer_oracle.jsonl")).Select(l => (string)JsonNode.Parse(l)!["text"]!)
            .Where(t => !t.Contains('<')), 20).SelectMany(x => x)))), // the JavaScript would turn names of control tokens into these
];

Hone.Text.Tokenizer ours = Hone.Text.Tokenizer.Load(folder);
TiktokenTokenizer theirs = Tiktoken();
int[] oursTokens = [.. texts.Select(t => t.Documents.Sum(d => ours.Encode(d).Length))],
    theirsTokens = [.. texts.Select(t => t.Documents.Sum(d => theirs.EncodeToIds(d).Count))];
var oursSeconds = new List<double>[texts.Length];
var theirsSeconds = new List<double>[texts.Length];
for (int i = 0; i < texts.Length; i++)
{
    (oursSeconds[i], theirsSeconds[i]) = ([], []);
    string[] documents = texts[i].Documents;
    for (int round = 0; round < Rounds; round++) // side by side, so that other load on the machine meets both
    {
        oursSeconds[i].Add(Time(() => { foreach (string d in documents) ours.Encode(d); }));
        theirsSeconds[i].Add(Time(() => { foreach (string d in documents) theirs.EncodeToIds(d); }));
    }
}
(double Load, double[] Seconds, int[] Tokens)? script = HuggingFace();

Console.WriteLine($"MB/s on one core, median of {Rounds} rounds (JavaScript: of 3 processes); "
    + $"{Environment.ProcessorCount} cores, .NET {Environment.Version}");
Console.WriteLine("| text | MB | tokens | Hone | Microsoft.ML.Tokenizers 2.0.1 | "
    + "@huggingface/tokenizers 0.2.0 | Hone / Microsoft | Hone / HF JavaScript |");
Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|");
for (int i = 0; i < texts.Length; i++)
{
    double megabytes = texts[i].Documents.Sum(d => Encoding.UTF8.GetByteCount(d)) / 1e6;
    double a = megabytes / Median(oursSeconds[i]), b = megabytes / Median(theirsSeconds[i]),
        c = megabytes / (script?.Seconds[i] ?? double.NaN);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {texts[i].Name} | {megabytes:F2} | {oursTokens[i]} | {a:F1} | {b:F1} | {c:F1} | {a / b:F2} | {a / c:F1} |"));
    if (oursTokens[i] != theirsTokens[i] || (script is { } s && s.Tokens[i] != oursTokens[i]))
        Console.WriteLine($"  token counts differ: {oursTokens[i]}, {theirsTokens[i]}, {script?.Tokens[i]}");
}
Console.WriteLine();
Console.WriteLine($"load, seconds, median of {Rounds}: tokenizer.json {Load(() => Hone.Text.Tokenizer.Load(folder)):F2}, "
    + $"tokenizer.model {Load(() => Hone.Text.Tokenizer.Load(Path.GetDirectoryName(ranks)!)):F2}; "
    + $"Microsoft (tokenizer.model) {Load(() => Tiktoken()):F2}; HF JavaScript (tokenizer.json) {script?.Load ?? double.NaN:F2}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"Llama-3.1's chat template, read, parsed and rendered for the first time in the process: {template:F3} s"));

string Corpus(string name) => File.ReadAllText(Path.Combine(data, "corpora", name));

TiktokenTokenizer Tiktoken()
{
    using FileStream file = File.OpenRead(ranks);
    return TiktokenTokenizer.Create(file, new RegexPreTokenizer(new Regex(Pattern, RegexOptions.Compiled), null), null);
}

static string[] Documents(string text)
{
    List<string> documents = [];
    for (int at = 0; at < text.Length;)
    {
        int end = Math.Min(at + DocumentSize, text.Length);
        int line = end < text.Length ? text.LastIndexOf('\n', end - 1, end - at) : end - 1;
        end = line > at ? line + 1 : end;
        documents.Add(text[at..end]);
        at = end;
    }
    return [.. documents];
}

static double Time(Action action)
{
    long start = Stopwatch.GetTimestamp();
    action();
    return Stopwatch.GetElapsedTime(start).TotalSeconds;
}

static double Load(Func<object> load) => Median([.. Enumerable.Range(0, Rounds).Select(_ => Time(() => load()))]);

static double Median(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted[sorted.Length / 2];
}

(double, double[], int[])? HuggingFace()
{
    string packages = Directory.CreateTempSubdirectory("hone-bench-").FullName;
    try
    {
        if (Run("npm", ["install", "--silent", "--prefix", packages, "@huggingface/tokenizers@0.2.0"]) is null) return null;
        List<string> files = [];
        foreach ((string name, string[] documents) in texts)
        {
            files.Add(Path.Combine(packages, $"{name}.json"));
            File.WriteAllText(files[^1], JsonSerializer.Serialize(documents));
        }
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "huggingface.mjs"), packages,
            Path.Combine(folder, "tokenizer.json"), Path.Combine(folder, "tokenizer_config.json"), .. files,
        ];
        JsonNode[][] runs = [.. Enumerable.Range(0, 3).Select(_ => Run("node", arguments)!
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToArray())];
        return (Median(runs.Select(r => (double)r[0]["load"]!)),
            [.. Enumerable.Range(1, texts.Length).Select(i => Median(runs.Select(r => (double)r[i]["seconds"]!)))],
            [.. Enumerable.Range(1, texts.Length).Select(i => (int)runs[0][i]["tokens"]!)]);
    }
    finally
    {
        Directory.Delete(packages, recursive: true);
    }
}

static string? Run(string program, string[] arguments)
{
    try
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }
    catch (System.ComponentModel.Win32Exception)
    {
        Console.WriteLine($"{program} is not there: no column for Hugging Face's JavaScript");
        return null;
    }
}
