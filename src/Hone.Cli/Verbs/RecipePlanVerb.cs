using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone recipe plan</c>: what a run will take, before it starts.</summary>
internal static class RecipePlanVerb
{
    public static Command Create(Streams io)
    {
        Argument<string> recipe = RecipeVerb.Recipe();
        var memory = new Option<double?>("--memory")
        {
            Description = "Gigabytes of the machine or GPU that it is planned for; default: this machine's.",
            HelpName = "GB",
        };
        var command = new Verb("plan", "Say what a run will take: memory by stage and part, and what would make it smaller.", """
            Only the model's configuration is read. Memory is that of the largest pass that the settings allow; a run of short
            rows takes less. Exit code 1 when a stage does not fit into this machine's memory.

            Example:
              hone recipe plan my.yaml --set adapter.rank=16 --memory 80
            """)
        { recipe, memory };
        var overrides = new RecipeOptions(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            Recipe resolved = ResolvedRecipe.Load(parsed.GetRequiredValue(recipe), overrides.Overrides(parsed)).Value;
            RunPlan plan = RunPlan.Of(resolved, io.Model, parsed.GetValue(memory) is { } given ? (long)(given * 1e9) : null);
            if (common.Json(parsed)) ResultPrinter.PrintJson(io.Out, Json(plan));
            else Print(io.Out, plan);
            return plan.Fits ? 0 : 1;
        });
        return command;
    }

    private static void Print(TextWriter output, RunPlan plan)
    {
        output.WriteLine($"model          {Count(plan.Parameters)} parameters");
        output.WriteLine($"machine        {Gigabytes(plan.Machine)}");
        output.WriteLine($"sampling       up to {Gigabytes(plan.Sampling)}");
        output.WriteLine($"disk           about {Gigabytes(plan.Disk)}");
        output.WriteLine();
        output.WriteLine("stage           total    weights  gradients  optimizer  activations      heap      head  of a pass of");
        foreach (StageMemoryPlan s in plan.Stages)
        {
            TrainingMemory m = s.Memory;
            output.WriteLine($"{s.Stage,-12}{Gigabytes(m.Total),9}{Gigabytes(m.Weights),11}{Gigabytes(m.Gradients),11}"
                + $"{Gigabytes(m.Optimizer),11}{Gigabytes(m.Activations),13}{Gigabytes(m.Heap),10}{Gigabytes(m.Head),10}"
                + $"  {Count(s.Tokens)} tokens");
        }
        foreach (StageMemoryPlan s in plan.Stages.Where(s => s.Memory.Total > plan.Machine))
        {
            output.WriteLine();
            output.WriteLine($"{s.Stage} does not fit. What makes it smaller:");
            foreach (PlanKnob knob in s.Knobs)
                output.WriteLine($"  --set {knob.Setting,-44} saves {Gigabytes(knob.Saves),8}  ({knob.Price})");
        }
    }

    private static JsonObject Json(RunPlan plan) => new()
    {
        ["parameters"] = plan.Parameters,
        ["machine_bytes"] = plan.Machine,
        ["sampling_bytes"] = plan.Sampling,
        ["disk_bytes"] = plan.Disk,
        ["fits"] = plan.Fits,
        ["stages"] = new JsonArray([.. plan.Stages.Select(s => (JsonNode)new JsonObject
        {
            ["stage"] = s.Stage,
            ["trained"] = s.Trained,
            ["pass_tokens"] = s.Tokens,
            ["total_bytes"] = s.Memory.Total,
            ["weights_bytes"] = s.Memory.Weights,
            ["gradients_bytes"] = s.Memory.Gradients,
            ["optimizer_bytes"] = s.Memory.Optimizer,
            ["activations_bytes"] = s.Memory.Activations,
            ["heap_bytes"] = s.Memory.Heap,
            ["head_bytes"] = s.Memory.Head,
            ["smaller"] = new JsonArray([.. s.Knobs.Select(k => (JsonNode)new JsonObject
            {
                ["set"] = k.Setting, ["saves_bytes"] = k.Saves, ["price"] = k.Price,
            })]),
        })]),
    };

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " GB";

    private static string Count(long n) => n switch
    {
        >= 1_000_000_000 => (n / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + "B",
        >= 1_000_000 => (n / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + "M",
        _ => n.ToString("#,0", CultureInfo.InvariantCulture),
    };
}
