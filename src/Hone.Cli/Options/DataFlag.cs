using System.CommandLine;
using Hone.Data;

namespace Hone.Cli;

/// <summary><c>--data</c> of the evaluation verbs: where the question files are.</summary>
internal sealed class DataFlag
{
    private readonly Option<string[]> _data = new("--data")
    {
        Description = "Folder with the question files, one such file, or hf://datasets/owner/name, which is downloaded; "
            + "several are looked through in turn. hone eval list shows what each task needs.",
        AllowMultipleArgumentsPerToken = true,
    };

    public DataFlag(Command command) => command.Add(_data);

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_data) is { Length: > 0 };

    /// <exception cref="InputException">None is given, or one does not exist.</exception>
    public IReadOnlyList<string> Get(ParseResult parsed, Streams io)
    {
        if (!IsGiven(parsed))
            throw new InputException("--data is needed: the folder with the question files",
                fix: "hone eval list shows what each task needs and where it comes from.");
        string[] data = [.. parsed.GetRequiredValue(_data).Select(d => HubPath.DatasetFolder(d, io.Error.WriteLine))];
        return data.FirstOrDefault(d => !Path.Exists(d)) is { } missing
            ? throw new InputException("there is no such folder", missing)
            : data;
    }
}
