// Load on a server, which runs in a process of its own as a user starts it.
//   dotnet run -c Release --project bench/Server -- load HONE_DLL MODEL [SECONDS] [STREAMS] [GGUF]
//   dotnet run -c Release --project bench/Server -- overload HONE_DLL MODEL
//   dotnet run -c Release --project bench/Server -- memory HONE_DLL MODEL [REQUESTS]
// `load` holds STREAMS conversations open at once for SECONDS; with GGUF (the same model) and HONE_LLAMA_CPP (the folder of
// llama-server) the same load runs on llama.cpp's server afterwards. `overload` sends 1,000 requests at once and says how soon the
// refused ones were told. `memory` says what the process held after a tenth of REQUESTS and after all.
using Bench.Server;

if (args is not [string mode, string hone, string model, ..])
{
    Console.Error.WriteLine("usage: load|overload|memory HONE_DLL MODEL [...]");
    return 2;
}
int Number(int at, int other) => args.Length > at ? int.Parse(args[at]) : other;
switch (mode)
{
    case "load":
        var time = TimeSpan.FromSeconds(Number(3, 300));
        using (ServerProcess server = await ServerProcess.Hone(hone, model)) await Load.Run("hone", server, Number(4, 64), time);
        if (args.Length > 5)
            using (ServerProcess server = await ServerProcess.LlamaCpp(args[5], Number(4, 64)))
                await Load.Run("llama.cpp", server, Number(4, 64), time);
        return 0;
    case "overload":
        using (ServerProcess server = await ServerProcess.Hone(hone, model)) await Overload.Run(server);
        return 0;
    case "memory":
        using (ServerProcess server = await ServerProcess.Hone(hone, model)) await Memory.Run(server, Number(3, 20_000));
        return 0;
    default:
        Console.Error.WriteLine($"there is no `{mode}`");
        return 2;
}
