namespace Hone.Text;

/// <summary>
/// Well-known chat formats by name, for models that come without a template: Jinja texts beside this file, which render what
/// their publishers' models were trained on.
/// </summary>
/// <remarks>
/// chatml: the format of OpenAI's chat models, as Qwen and many others have it. llama3: Meta-Llama-3-8B-Instruct. zephyr:
/// zephyr-7b-beta. mistral: mistral-common's version 1, that of Mistral-7B-Instruct-v0.2 with a system prompt. gemma: Gemma 2 and
/// 3, where a system message opens the first turn. alpaca: stanford_alpaca's prompt without input. vicuna: FastChat's vicuna_v1.1.
/// </remarks>
internal static class NamedTemplates
{
    // The tokens that a format writes beside BOS: without them a model would learn to spell their names.
    private static readonly (string Name, string[] Tokens)[] s_all =
    [
        ("chatml", ["<|im_start|>", "<|im_end|>"]),
        ("llama3", ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]),
        ("zephyr", []),
        ("mistral", []),
        ("gemma", ["<start_of_turn>", "<end_of_turn>"]),
        ("alpaca", []),
        ("vicuna", []),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(t => t.Name)];

    /// <summary>Names of the formats whose tokens a tokenizer has.</summary>
    public static IReadOnlyList<string> Fitting(Tokenizer tokenizer) => [.. Names.Where(n => Missing(n, tokenizer) is null)];

    /// <summary>What to do about a model without a template.</summary>
    public static string Advice(Tokenizer tokenizer) => Fitting(tokenizer) is { Count: > 0 } fitting
        ? $"Name one with --template (in a recipe template: NAME): {string.Join(", ", fitting)} fit this model; or give a .jinja file."
        : "Give one with --template FILE.jinja (in a recipe template: FILE).";

    /// <summary>A template by its name or its file.</summary>
    /// <exception cref="InputException">There is neither, or the file holds no valid template.</exception>
    public static ChatTemplate Find(string nameOrFile)
    {
        if (Names.Contains(nameOrFile)) return ChatTemplate.Parse(Source(nameOrFile));
        if (File.Exists(nameOrFile)) return ChatTemplate.LoadFile(nameOrFile);
        throw new InputException($"there is no chat template {nameOrFile}",
            fix: $"Known by name are {string.Join(", ", Names)}; or give a .jinja file.");
    }

    /// <summary>A template with the tokenizer of a model's folder.</summary>
    /// <exception cref="InputException">As <see cref="Find"/> and <see cref="RequireTokens"/>.</exception>
    public static ChatFormat Format(string nameOrFile, string folder)
    {
        var format = new ChatFormat(Tokenizer.Load(folder), Find(nameOrFile));
        RequireTokens(nameOrFile, format.Tokenizer, folder);
        return format;
    }

    /// <summary>Refuses a named format whose tokens a tokenizer does not have. A file's is its writer's affair.</summary>
    /// <exception cref="InputException">A token is missing; the message says which formats fit.</exception>
    private static void RequireTokens(string nameOrFile, Tokenizer tokenizer, string where)
    {
        if (!Names.Contains(nameOrFile) || Missing(nameOrFile, tokenizer) is not { } missing) return;
        throw new InputException($"the chat template {nameOrFile} writes {missing}, which is no token of this model", where,
            Advice(tokenizer));
    }

    private static string? Missing(string name, Tokenizer tokenizer)
    {
        string? token = Array.Find(s_all.First(t => t.Name == name).Tokens, t => !tokenizer.TryGetId(t, out _));
        return token ?? (tokenizer.EosId is null && Source(name).Contains("eos_token", StringComparison.Ordinal) ? "an end token" : null);
    }

    private static string Source(string name)
    {
        using Stream stream = typeof(NamedTemplates).Assembly.GetManifestResourceStream($"{name}.jinja")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
