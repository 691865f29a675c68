using System.Text;

namespace Bench.Server;

/// <summary>
/// Resident memory over many requests: what it holds must not grow with how many were answered. The first quarter is what the
/// runtime takes to compile what is used often.
/// </summary>
internal static class Memory
{
    public static async Task Run(ServerProcess server, int requests)
    {
        int done = 0;
        long warm = 0;
        foreach (int mark in new[] { requests / 10, requests / 4, requests / 2, requests * 3 / 4, requests })
        {
            await Parallel.ForEachAsync(Enumerable.Range(done, mark - done), new ParallelOptions { MaxDegreeOfParallelism = 16 },
                async (i, cancel) =>
                {
                    string body = $$"""
                        {"model": "{{server.Model}}", "prompt": "Advice about {{i}}.", "max_tokens": 16, "temperature": 1, "seed": {{i}}}
                        """;
                    using HttpResponseMessage answer = await server.Client.PostAsync("/v1/completions",
                        new StringContent(body, Encoding.UTF8, "application/json"), cancel);
                    answer.EnsureSuccessStatusCode();
                });
            done = mark;
            await Task.Delay(500);
            long memory = server.Memory;
            if (done == requests / 4) warm = memory;
            Console.WriteLine($"{done,7} requests: {memory / 1048576.0:F1} MiB");
        }
        Console.WriteLine($"after the first quarter: {100.0 * (server.Memory - warm) / warm:+0.0;-0.0}%");
    }
}
