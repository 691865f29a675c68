using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary>What the verbs that run one stage on files have in common.</summary>
internal sealed class StageOptions
{
    private readonly Option<string?> _recipe = new("--recipe")
    {
        Description = "Recipe whose settings hold; default: the recipe defaults (hone recipe init shows them).",
    };
    private readonly Option<string> _output = new("--output")
    {
        Description = "Where the result goes; must not exist yet.",
        Required = true,
    };
    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Go on with what was cut off; begins it where nothing was.",
    };
    private readonly Option<string[]> _redo = new("--redo")
    {
        Description = "With --resume: part of the work to do again from the start, as a message names it; for example reference.",
    };
    private readonly Option<string?>? _template;
    private readonly TrainingFlags? _flags;
    private readonly ColumnsFlag? _columns;
    private readonly RecipeOptions _recipeOptions;
    private readonly CommonOptions _common;

    /// <param name="resumable">Whether the work can be cut off and gone on with.</param>
    /// <param name="section">The recipe's section of a training, whose usual settings get flags of their own.</param>
    /// <param name="columns">Whether rows in any layout are read, whose columns may have other names.</param>
    /// <param name="renders">Whether conversations are rendered, by the model's chat template or another one.</param>
    public StageOptions(Command command, bool resumable = false, string? section = null, bool columns = false, bool renders = true)
    {
        command.Add(_output);
        command.Add(_recipe);
        if (section is not null) _flags = new TrainingFlags(command, section);
        if (columns) _columns = new ColumnsFlag(command);
        if (renders) command.Add(_template = TemplateFlag.Create());
        if (resumable)
        {
            command.Add(_resume);
            command.Add(_redo);
        }
        _recipeOptions = new RecipeOptions(command);
        _common = new CommonOptions(command);
    }

    /// <summary>Files and folders of rows.</summary>
    /// <param name="aliases">Further names, such as the one that the verb had before all took <c>--data</c>.</param>
    public static Option<string[]> Files(string name, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        Required = true,
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };

    public static Option<string> Folder(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, Required = true };

    public bool Json(ParseResult parsed) => _common.Json(parsed);

    public string Output(ParseResult parsed) => parsed.GetRequiredValue(_output);

    public bool Resume(ParseResult parsed) => parsed.GetValue(_resume);

    /// <exception cref="InputException">It is given without --resume.</exception>
    public string[] Redo(ParseResult parsed) => parsed.GetValue(_redo) is not { Length: > 0 } stages ? []
        : Resume(parsed) ? stages : throw new InputException("--redo is for what was begun", fix: "Add --resume.");

    public void Act(Command command, Streams io, Func<ParseResult, int> verb) => _common.Act(command, io, verb);

    /// <summary>The recipe with <c>--set</c>, the general flags, and the verb's own flags, in this order.</summary>
    public ResolvedRecipe Resolve(ParseResult parsed, params IEnumerable<RecipeOverride> own)
    {
        RecipeOverride[] overrides =
        [
            .. _recipeOptions.Overrides(parsed), .. _flags?.Overrides(parsed) ?? [], .. _columns?.Overrides(parsed) ?? [],
            .. _template is { } t && parsed.GetValue(t) is { } template ? [RecipeOverride.Flag(t.Name, "template", template)]
                : Array.Empty<RecipeOverride>(),
            .. own,
        ];
        return parsed.GetValue(_recipe) is { } path
            ? ResolvedRecipe.Load(path, overrides)
            : ResolvedRecipe.Parse("", "recipe defaults", overrides);
    }

    /// <summary>The path of a file to be written.</summary>
    /// <exception cref="InputException">It is there already.</exception>
    public string NewFile(ParseResult parsed)
    {
        string path = Output(parsed);
        if (Path.Exists(path))
            throw new InputException("there is something here already", path, "Give the result another place with --output.");
        return path;
    }

    /// <summary>Makes the folder of a file, once all that goes into the file is there.</summary>
    public static void MakeRoom(string path) => Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
}
