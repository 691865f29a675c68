// How far a training scales: time of a step and tokens a second for 1 to 512 GPUs, by a simulation from bytes and operations, with what
// stops it; and an online iteration, whose sampling is on workers. docs/planning.md has its tables and the sources of its numbers.
// Run: dotnet run -c Release --project bench/Scaling          the tables
//      dotnet run -c Release --project bench/Scaling -- check the same formula beside steps that were measured on one machine
using System.Globalization;
using Hone.Bench.Scaling;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["check"])
{
    Console.WriteLine("| step | measured | predicted | error |\n|---|---:|---:|---:|");
    foreach (Point p in Measured.Points)
        Console.WriteLine($"| {p.Name} | {p.Seconds:F2} s | {p.Predicted:F2} s | {100 * p.Error:+0;-0;0} % |");
    return Measured.Points.All(p => Math.Abs(p.Error) <= Measured.Tolerance) ? 0 : 1;
}
int[] sizes = [1, 2, 4, 8, 64, 512];
foreach ((string job, Work work, Func<int, bool, double> memory) in Plans.Jobs)
{
    Console.WriteLine($"\n### {job}: {work.Rows} rows of {work.RowTokens} tokens a step\n");
    foreach ((string name, Func<int, Network> network) in Plans.Networks)
    {
        Console.WriteLine($"{name}:\n");
        Console.WriteLine("| GPUs | seconds a step | tokens/s | efficiency | what the step is | with ZeRO-1 |");
        Console.WriteLine("|---:|---:|---:|---:|---|---:|");
        foreach (int n in sizes) Console.WriteLine(Row(work, memory, network(n), n));
        Console.WriteLine($"\n{Stop(work, network)}\n");
    }
}
Console.WriteLine("\n### An online iteration of an 8B model with LoRA\n");
Console.WriteLine("| GPUs | sampling | scoring | training on them | in turns | sampling's share | sampling on them, training on 8 |");
Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|");
foreach (int n in sizes) Console.WriteLine(Iteration(n));
return 0;

static string Row(Work work, Func<int, bool, double> memory, Network network, int n)
{
    StepTime step = StepModel.Of(work, Plans.Gpu, network, n), sharded = StepModel.Of(work, Plans.Gpu, network, n, sharded: true);
    bool fits = memory(n, false) <= Plans.GpuMemory, fitsSharded = memory(n, true) <= Plans.GpuMemory;
    string zero = fitsSharded ? $"{Seconds(sharded.Total)} s, {memory(n, true) / 1e9:F0} GB" : "does not fit";
    if (n == 1 && fits) zero = "";
    return $"| {n} | {Seconds(step.Total)} | {work.Tokens / step.Total:N0} | {Efficiency(work, network, n):P0} | "
        + $"{Share(step)}{(fits ? "" : $"; {memory(n, false) / 1e9:F0} GB do not fit")} | {zero} |";
}

static string Share(StepTime s) =>
    $"{s.Compute / s.Total:P0} passes, {s.Wait / s.Total:P0} waiting, {s.Optimiser / s.Total:P0} AdamW";

static string Seconds(double s) => s.ToString(s < 1 ? "0.000" : "0.0", CultureInfo.InvariantCulture);

static double Efficiency(Work work, Network network, int n) => StepModel.Of(work, Plans.Gpu, network, 1).Total
    / n / StepModel.Of(work, Plans.Gpu, network, n).Total;

// The first number of GPUs whose whole is worth less than half of it, and what the time goes to there.
static string Stop(Work work, Func<int, Network> network)
{
    int n = Enumerable.Range(1, 1024).FirstOrDefault(n => Efficiency(work, network(n), n) < 0.5);
    if (n == 0) return "Worth more than half of the GPUs up to 1,024.";
    StepTime s = StepModel.Of(work, Plans.Gpu, network(n), n), one = StepModel.Of(work, Plans.Gpu, network(1), 1);
    double idle = s.Compute - (one.Compute / n);
    (double Lost, string Why)[] why =
    [
        (s.Wait, "gradients travel longer than the last backward pass hides"),
        (s.Optimiser - (one.Optimiser / n), "every GPU steps AdamW over all weights: shard it"),
        (idle, n > work.Rows ? "there are fewer rows than GPUs" : "rows do not divide evenly, or a pass does little but read weights"),
    ];
    return $"Below half from {n} GPUs on: {why.MaxBy(w => w.Lost).Why}.";
}

static string Iteration(int n)
{
    double answers = (double)Plans.Prompts * Plans.Answers;
    double sampling = answers * Plans.AnswerTokens / Plans.Sampled / n;
    double scoring = answers * (Plans.PromptTokens + Plans.AnswerTokens) / Plans.Scored / n;
    double whole = sampling + scoring + Training(n);
    return $"| {n} | {sampling:N0} s | {scoring:N0} s | {Training(n):N0} s | {whole:N0} s | {sampling / whole:P0} | "
        + $"{sampling + scoring + Training(8):N0} s |";
}

// One pass over a pair of each prompt.
static double Training(int n)
{
    Work work = Plans.Jobs[2].Work;
    return Math.Ceiling((double)Plans.Prompts / work.Rows) * StepModel.Of(work, Plans.Gpu, Plans.Networks[0].Of(n), n).Total;
}
