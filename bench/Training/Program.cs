// Training steps of Hone beside the plain way on the same TorchSharp, each side in a process of its own, in turn.
// Run: dotnet run -c Release --project bench/Training -- WHAT SHAPE TYPE [rounds] [steps]
// Hone's sides also print what `hone recipe plan` would have said of their memory.
//   WHAT   sft | sft-4096 | lora | qlora | dpo | dpo-long | reward | score-512 | head-1024 | frozen-1024 | states
//   SHAPE  15m | 110m | 1b | 8b (layers, width and vocabulary of Llama models); 8b-2 is two layers of 8b
//   TYPE   fp32 | bf16
// qlora: a DPO step of one pair of 2 x 1,024 tokens, the adapter on 4-bit matrices beside the adapter on full ones.
// lora: a step of the adapter beside a step of all weights; states: int8 states and checkpoints beside fp32 without;
// check DEVICE | nccl DEVICE [LIBRARY] | step WHAT DEVICE SHAPE TOKENS: what eng/gpu-check.sh runs, on any device.
// leak STEPS: live tensors and resident memory on the way.
// ranks RANKS THREADS SHAPE ACCUMULATION STEPS [zero] [deterministic]: SFT steps shared by processes of so many threads each;
// ranks-trace RANKS THREADS SHAPE FILE: when each bucket of gradients travels, beside the backward pass; a Chrome trace in FILE;
// allreduce RANKS MB [nccl]: what it takes to add up so many megabytes, beside a copy of them; nccl: each rank on a GPU of its own.
// sft-N: one sequence of N tokens; score-N: rewards of 8 answers of 128 tokens to one prompt of N, beside 8 whole sequences;
// head-N: the head alone on N rows at a vocabulary of 128,256, beside full logits; frozen-N: the same without its own gradient.
// Their peak is what a step adds.
using System.Diagnostics;
using System.Globalization;
using Hone.Bench.Training;

if (args is ["child", .. var own])
{
    Console.WriteLine(Sides.Run(own));
    return 0;
}
if (args is ["rank", .. var shared]) return RankBench.Rank(shared);
if (args is ["ranks", string ranks, string threads, .. var settings])
    return RankBench.Launch(["steps", .. settings], int.Parse(ranks, CultureInfo.InvariantCulture),
        int.Parse(threads, CultureInfo.InvariantCulture));
if (args is ["ranks-trace", string tracing, string cores, string traced, string file])
    return RankBench.Launch(["trace", traced, Path.GetFullPath(file)], int.Parse(tracing, CultureInfo.InvariantCulture),
        int.Parse(cores, CultureInfo.InvariantCulture));
if (args is ["allreduce", string processes, string megabytes, .. var over])
    return RankBench.Launch(["allreduce", megabytes, .. over], int.Parse(processes, CultureInfo.InvariantCulture), 1);
if (args is ["check", string device])
{
    Hone.Models.LibTorch.Load();
    return DeviceCheck.Compare(device) ? 0 : 1;
}
if (args is ["nccl", string gpu, .. var stub])
{
    Hone.Models.LibTorch.Load();
    return NcclCheck.Run(gpu, stub.FirstOrDefault()) ? 0 : 1;
}
if (args is ["leak", string many])
{
    Hone.Models.LibTorch.Load();
    Leak.Run(int.Parse(many, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["step", string objective, string place, string width, string tokens])
{
    Hone.Models.LibTorch.Load();
    DeviceCheck.Step(objective, place, width, int.Parse(tokens, CultureInfo.InvariantCulture));
    return 0;
}
string what = args[0], shape = args[1], type = args[2];
int rounds = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 5;
string steps = args.Length > 4 ? args[4] : "3";
string[] sides = what switch
{
    "lora" => ["full", "lora"],
    "states" => ["full", "small"],
    "qlora" => ["lora", "qlora"],
    _ => ["plain", "hone"],
};
var results = sides.ToDictionary(s => s, _ => new List<double[]>());
for (int round = 0; round < rounds; round++)
    foreach (string side in sides)
    {
        double[] figures = Child([side, what, shape, type, steps]);
        results[side].Add(figures);
        Console.Error.WriteLine($"round {round + 1} {side}: {Line(figures)}");
    }
foreach (string side in sides)
{
    Console.WriteLine($"{what} {shape} {type} {side}: {Line(Median(results[side]))}");
    if (side == "plain" || Sides.HeadAlone(what) || Sides.Scores(what)) continue;
    double planned = Planned.Bytes(what, side, shape, type), peak = Median(results[side])[2];
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  planned {planned / 1e9:0.00} GB, {planned / peak:0.00} of the peak"));
}
double ratio = Median(results[sides[0]])[0] / Median(results[sides[1]])[0];
Console.WriteLine($"{sides[1]} is {ratio.ToString("0.00", CultureInfo.InvariantCulture)}x {sides[0]}, {rounds} rounds in turn");
return 0;

static double[] Median(List<double[]> rows) =>
    [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Select(r => r[i]).Order().ElementAt(rows.Count / 2))];

static string Line(double[] f) => string.Create(CultureInfo.InvariantCulture,
    $"{f[0]:0} ms a step, {f[1]:0} tok/s, peak {f[2] / 1e9:0.00} GB, cpu {f[3]:0} ms a step, loss {f[4]:0.0000}"
        + $"{(f[5] > 0 ? $", MFU {f[5]:P0}" : "")}");

static double[] Child(string[] arguments)
{
    string[] command = [Environment.GetCommandLineArgs()[0], "child", .. arguments];
    var start = new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true };
    using Process process = Process.Start(start)!;
    string output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split(' ')
        .Select(x => double.Parse(x, CultureInfo.InvariantCulture))];
}
