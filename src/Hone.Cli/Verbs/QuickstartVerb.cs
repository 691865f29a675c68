using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary><c>hone quickstart</c>: the whole loop on the embedded world, from the recipe that is inside the program.</summary>
internal static class QuickstartVerb
{
    private const string Resource = "quickstart.yaml";

    public static Command Create(Streams io)
    {
        var command = new Verb("quickstart", "Run the whole loop on the embedded small world: minutes, no files, no network.", """
            A small language model is trained from scratch, taught to answer, and improved in three rounds of
            online DPO. At the end a table says what was gained; report.html in the run folder shows how.

            Example:
              hone quickstart --output runs/first
            """);
        new RunOptions(command).Act(command, io, (_, overrides) => ResolvedRecipe.Parse(Text(), Resource, overrides));
        return command;
    }

    private static string Text()
    {
        using Stream stream = typeof(QuickstartVerb).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
