using System.CommandLine;
using Hone.Inference;

namespace Hone.Cli;

/// <summary><c>--schema</c> and <c>--regex</c> of the verbs that sample answers.</summary>
internal sealed class AnswerFormatFlags
{
    private const string AnyObject = "object";

    private readonly TextOption _schema = new("--schema")
    {
        Description = "Answers are JSON of this JSON Schema (a file), or any JSON object (object).",
        HelpName = $"FILE|{AnyObject}",
    };
    private readonly TextOption _regex = new("--regex") { Description = "Answers are texts that all of this pattern matches." };

    public AnswerFormatFlags(Command command)
    {
        command.Add(_schema);
        command.Add(_regex);
    }

    /// <summary>What answers must be; null for any text.</summary>
    /// <exception cref="InputException">There is no such file, it cannot be followed, or both flags are given.</exception>
    public OutputConstraint? Of(ParseResult parsed)
    {
        (string? schema, string? regex) = (parsed.GetValue(_schema), parsed.GetValue(_regex));
        if (schema is not null && regex is not null) throw new InputException("--schema and --regex exclude each other", fix: "Give one.");
        if (regex is not null) return OutputConstraint.Regex(regex);
        if (schema is null) return null;
        if (schema == AnyObject) return OutputConstraint.JsonObject;
        if (!File.Exists(schema)) throw new InputException("there is no such file", $"--schema {schema}", "Name a JSON Schema.");
        try
        {
            return OutputConstraint.JsonSchema(File.ReadAllText(schema));
        }
        catch (InputException e)
        {
            throw new InputException(e.Where is null ? e.What : $"{e.Where}: {e.What}", schema, e.Fix, e);
        }
    }
}
