using System.CommandLine;

namespace Hone.Cli;

/// <summary>What the verbs that turn rows of JSONL into rows of JSONL share.</summary>
internal sealed class RowOptions
{
    private readonly Option<string> _model = StageOptions.Folder("--model", "Folder of the model (Hugging Face layout).");
    private readonly Option<string?> _input = new("--input", "--data")
    {
        Description = "File of rows (JSONL, a JSON array, CSV, Parquet, also packed); default: JSON lines of stdin.",
    };
    private readonly CommonOptions _common;

    public RowOptions(Command command)
    {
        command.Add(_model);
        command.Add(_input);
        _common = new CommonOptions(command);
    }

    public string Model(ParseResult parsed, Streams io) => io.Model(parsed.GetRequiredValue(_model));

    public IEnumerable<JsonLine> Rows(ParseResult parsed, Streams io) => JsonLines.Read(io, parsed.GetValue(_input));

    public void Act(Command command, Streams io, Func<ParseResult, int> verb) => _common.Act(command, io, verb);
}

/// <summary>A switch that can be turned on (<c>--name</c>) and off (<c>--no-name</c>).</summary>
internal sealed class SwitchOption
{
    private readonly Option<bool> _on, _off;
    private readonly bool _usual;

    public SwitchOption(Command command, string name, string description, bool usual)
    {
        _on = new Option<bool>($"--{name}") { Description = $"{description} {(usual ? "The default." : "")}".TrimEnd() };
        _off = new Option<bool>($"--no-{name}") { Description = $"The opposite of --{name}. {(usual ? "" : "The default.")}".TrimEnd() };
        _usual = usual;
        command.Add(_on);
        command.Add(_off);
    }

    public bool Value(ParseResult parsed)
    {
        (bool on, bool off) = (parsed.GetValue(_on), parsed.GetValue(_off));
        if (on && off) throw new InputException($"{_on.Name} and {_off.Name} exclude each other");
        return on || (!off && _usual);
    }
}
