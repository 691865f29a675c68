using System.CommandLine;
using Hone.Workflow.Recipes;

namespace Hone.Cli;

/// <summary><c>hone quickstart</c>: the whole loop on the embedded world, from the recipe that is inside the program.</summary>
internal static class QuickstartVerb
{
    private const string Resource = "quickstart.yaml";

    public static Command Create()
    {
        var command = new Command("quickstart", "Run the whole loop on the embedded small world: minutes, no files, no network.");
        var options = new RunOptions();
        options.AddTo(command);
        command.SetAction(parsed => options.Execute(parsed, overrides => ResolvedRecipe.Parse(Text(), Resource, overrides)));
        return command;
    }

    private static string Text()
    {
        using Stream stream = typeof(QuickstartVerb).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
