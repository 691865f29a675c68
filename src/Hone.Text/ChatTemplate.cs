using System.Text.Json;
using Hone.Text.Jinja;
using Hone.Text.TokenizerFile;

namespace Hone.Text;

/// <summary>
/// A model's own Jinja chat template, rendered as transformers renders it. The template is untrusted: steps, output, recursion and time
/// are bounded, and it reaches nothing but the variables given.
/// </summary>
public sealed class ChatTemplate
{
    // The longest published templates have about 30,000 characters.
    private const int MaxSource = 1 << 18;
    private readonly IReadOnlyList<Statement> _body;
    private readonly RenderLimits _limits;
    private readonly TimeProvider _clock;

    private ChatTemplate(string source, IReadOnlyList<Statement> body, bool marksGeneration, RenderLimits limits, TimeProvider clock)
    {
        (Source, _body, MarksGeneration, _limits, _clock) = (source, body, marksGeneration, limits, clock);
    }

    /// <summary>The template as written.</summary>
    public string Source { get; }

    /// <summary>True when the template marks what the assistant writes with <c>{% generation %}</c>.</summary>
    public bool MarksGeneration { get; }

    /// <summary>
    /// Reads chat_template.jinja, else chat_template of tokenizer_config.json; null when a folder has neither.
    /// </summary>
    /// <param name="folder">A Hugging Face model folder.</param>
    /// <param name="name">Which of several named templates.</param>
    /// <param name="clock">What <c>strftime_now</c> tells; the system's clock by default.</param>
    public static ChatTemplate? TryLoad(string folder, string name = "default", TimeProvider? clock = null)
    {
        string file = Path.Combine(folder, "chat_template.jinja");
        string named = Path.Combine(folder, "additional_chat_templates", $"{name}.jinja");
        if (name != "default" && !name.AsSpan().ContainsAny('/', '\\', '.') && File.Exists(named)) return LoadFile(named, clock);
        if (name == "default" && File.Exists(file)) return LoadFile(file, clock);
        string config = Path.Combine(folder, "tokenizer_config.json");
        if (JsonFile.TryReadObject(config) is not { } fields || !fields.Has("chat_template")) return null;
        JsonElement template = fields.Child("chat_template").Element;
        if (template.ValueKind == JsonValueKind.String) return Parse(template.GetString()!, clock, where: config);
        List<string> names = [];
        foreach (JsonFields item in fields.Items("chat_template"))
        {
            if (item.Text("name") == name) return Parse(item.Text("template") ?? "", clock, where: item.Where);
            names.Add(item.Text("name") ?? "");
        }
        throw new InputException($"there is no chat template named '{name}'", config, $"it has: {string.Join(", ", names)}");
    }

    /// <summary>A template by its name, or null where the folder has none of that name.</summary>
    /// <inheritdoc cref="TryLoad"/>
    public static ChatTemplate? TryLoadNamed(string folder, string name, TimeProvider? clock = null)
    {
        if (File.Exists(Path.Combine(folder, "additional_chat_templates", $"{name}.jinja"))) return TryLoad(folder, name, clock);
        JsonFields? config = JsonFile.TryReadObject(Path.Combine(folder, "tokenizer_config.json"));
        bool listed = config is { } fields && fields.Has("chat_template")
            && fields.Child("chat_template").Element.ValueKind == JsonValueKind.Array
            && fields.Items("chat_template").Any(item => item.Text("name") == name);
        return listed ? TryLoad(folder, name, clock) : null;
    }

    /// <exception cref="InputException">The template is not valid.</exception>
    public static ChatTemplate Parse(string source) => Parse(source, clock: null);

    /// <inheritdoc cref="Parse(string)"/>
    /// <param name="source">The Jinja text.</param>
    /// <param name="clock">What <c>strftime_now</c> tells; the system's clock by default.</param>
    public static ChatTemplate Parse(string source, TimeProvider? clock) => Parse(source, clock, "chat template");

    internal static ChatTemplate Parse(string source, TimeProvider? clock, string where, RenderLimits? limits = null)
    {
        if (source.Length > MaxSource)
        {
            throw new InputException($"the template has {source.Length} characters; {MaxSource} is the most", where);
        }
        try
        {
            (IReadOnlyList<Statement> body, bool marks) = StatementParser.Parse(source);
            return new ChatTemplate(source, body, marks, limits ?? RenderLimits.Default, clock ?? TimeProvider.System);
        }
        catch (JinjaException error)
        {
            throw new InputException(
                error.Message, $"{where}:{error.Line}", "the template is not valid Jinja, or uses what Hone does not support", error);
        }
    }

    /// <summary>The conversation as text.</summary>
    /// <param name="messages">Turns, oldest first.</param>
    /// <param name="addGenerationPrompt">Ends the text where the assistant is to go on.</param>
    /// <param name="variables">
    /// Further variables, such as <c>bos_token</c>, <c>eos_token</c>, <c>tools</c>: text, numbers, booleans, lists, string-keyed
    /// dictionaries, or JsonElement.
    /// </param>
    /// <exception cref="InputException">The template refuses the conversation, fails, or exceeds its bounds.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = false,
        IReadOnlyDictionary<string, object?>? variables = null)
    {
        Dictionary<string, object?> all = new(variables ?? new Dictionary<string, object?>(), StringComparer.Ordinal)
        {
            ["messages"] = messages,
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        return Render(all);
    }

    /// <summary>Text of a template whose variables, <c>messages</c> among them, are given by name.</summary>
    public string Render(IReadOnlyDictionary<string, object?> variables) => Run(variables).Text;

    internal Output Run(IReadOnlyDictionary<string, object?> variables)
    {
        try
        {
            Scope scope = new(null);
            foreach ((string name, object? value) in variables) scope.Set(name, TemplateData.From(value));
            return Interpreter.Run(_body, scope, _limits, _clock);
        }
        catch (JinjaException error)
        {
            string what = error.RaisedByTemplate ? $"the chat template refuses this conversation: {error.Message}" : error.Message;
            throw new InputException(what, $"chat template:{error.Line}", inner: error);
        }
    }

    /// <summary>A template in a file of its own.</summary>
    /// <exception cref="InputException">The file is missing or too large, or the template is not valid.</exception>
    public static ChatTemplate LoadFile(string path, TimeProvider? clock = null)
    {
        return Parse(RegularFile.ReadText(path, MaxSource * 4L), clock, path);
    }
}
