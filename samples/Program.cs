using Samples;

if (args is not [string name, string model, .. string[] rest])
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project samples -- chat|dpo|loop|evaluate|benchmark MODEL [FOLDER]");
    return 2;
}
switch (name)
{
    case "chat": await Chat.Run(model); break;
    case "dpo": Dpo.Run(model, rest is [string trained, ..] ? trained : "dpo-model"); break;
    case "loop": RewardLoop.Run(model); break;
    case "evaluate": await Evaluate.Run(model, rest is [string questions, ..] ? questions : "questions"); break;
    case "benchmark": await OwnBenchmark.Run(model); break;
    default:
        Console.Error.WriteLine($"there is no sample `{name}`");
        return 2;
}
return 0;
