using Hone.Models;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary>
/// A verb that trains, started as one of several ranks: rank 0 does what the verb says, the others share its training stages. Started
/// alone, nothing is different.
/// </summary>
internal static class RankStart
{
    /// <summary>How long a process that has said its last word may take to end by itself.</summary>
    private static readonly TimeSpan s_orderly = TimeSpan.FromSeconds(2);

    /// <param name="recipe">What all ranks must have alike; null where only rank 0 can read it, in the folder of a run.</param>
    /// <param name="settings">The recipe that says what carries tensors, and between which devices; asked for by one of several.</param>
    /// <param name="lead">The verb.</param>
    public static int Run(Streams io, Recipe? recipe, Func<Recipe> settings, Func<Ranks, int> lead)
    {
        if (RankPlace.Of(Environment.GetEnvironmentVariable) is not { } place) return lead(Ranks.Single);
        void LastWord(string message)
        {
            io.Error.WriteLine($"error: {message}");
            // A computing thread, or another library's, may keep the process from ending in order. This sleep delays nothing: the
            // thread goes with the process where Exit ends it, and nothing would tell that Exit hangs.
            new Thread(() =>
            {
                Thread.Sleep(s_orderly);
                System.Diagnostics.Process.GetCurrentProcess().Kill();
            })
            { IsBackground = true }.Start();
            Environment.Exit(1);
        }
        using Ranks ranks = Ranks.Join(place, () => Choose(place, settings()), Claims(io, recipe), LastWord);
        try
        {
            int code = ranks.Leads ? lead(ranks) : Follow(ranks);
            ranks.Leave();
            return code;
        }
        catch (Exception e) when (ranks.Tell(e))
        {
            throw;
        }
    }

    private static CollectiveChoice Choose(RankPlace place, Recipe recipe)
    {
        string device = place.Rank == 0 ? recipe.Device : RankTask.DeviceOf(recipe.Device, place.LocalRank);
        return CollectiveChoice.Of(place, OptionKey.SnakeCase($"{recipe.Ranks.Engine}"), (recipe with { Device = device }).Target().Device);
    }

    /// <summary>The first Ctrl+C is rank 0's to hear: it says when all stop.</summary>
    private static int Follow(Ranks ranks)
    {
        using var stop = new StopSignal(_ => { });
        RankTask.Follow(ranks);
        return 0;
    }

    private static Dictionary<string, string> Claims(Streams io, Recipe? recipe)
    {
        Type[] parts = [typeof(Cli), typeof(RankTask), typeof(Ranks), typeof(Transformer)];
        var claims = new Dictionary<string, string>
        {
            ["hone"] = $"{VersionVerb.Number}, build {string.Join('-', parts.Select(p => p.Module.ModuleVersionId.ToString("N")[..8]))}",
            ["libtorch"] = LibTorch.Describe().Version,
            ["command"] = Streams.Line(io.Args),
        };
        foreach ((string key, string value) in recipe is null ? [] : RecipeText.Flatten(recipe)) claims[$"recipe {key}"] = value;
        return claims;
    }
}
