using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bench.Server;

/// <summary>1,000 requests at once: those that are not taken must be told at once, and the server must serve on.</summary>
internal static class Overload
{
    private const int Requests = 1000, Rounds = 5, Before = 2000;

    public static async Task Run(ServerProcess server)
    {
        string body = $$"""{"model": "{{server.Model}}", "prompt": "Give me advice about tea.", "max_tokens": 64, "temperature": 1}""";
        await Ask();
        // Plain sockets, connected beforehand: what is timed is the server and not this client's start.
        byte[] request = Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\n"
            + $"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        for (int round = 0; round <= Rounds; round++)
        {
            // The first round meets a server that has answered once, the others one that has been at work and is compiled.
            if (round == 1)
                await Parallel.ForEachAsync(Enumerable.Range(0, Before), new ParallelOptions { MaxDegreeOfParallelism = 16 },
                    async (_, _) => await Ask());
            var sockets = new Socket[Requests];
            for (int i = 0; i < Requests; i++)
            {
                sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await sockets[i].ConnectAsync("127.0.0.1", server.Port);
            }
            (int Status, double Milliseconds)[] answers = await Task.WhenAll(sockets.Select(s => AskOver(s, request)));
            long start = Stopwatch.GetTimestamp();
            HttpStatusCode after = await Ask();
            double[] refused = [.. answers.Where(a => a.Status == 429).Select(a => a.Milliseconds)];
            Console.WriteLine($"{(round == 0 ? "just started" : $"round {round}")}: {answers.Count(a => a.Status == 200)} answered, "
                + $"{refused.Length} refused with 429, {answers.Count(a => a.Status is not 200 and not 429)} other; "
                + $"429 after p50 {Percentile.Of(refused, 0.5):F0} ms, p99 {Percentile.Of(refused, 0.99):F0} ms; "
                + $"then one request: {(int)after} in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        }

        async Task<HttpStatusCode> Ask()
        {
            using HttpResponseMessage answer = await server.Client.PostAsync("/v1/completions",
                new StringContent(body, Encoding.UTF8, "application/json"));
            await answer.Content.ReadAsByteArrayAsync();
            return answer.StatusCode;
        }
    }

    private static async Task<(int, double)> AskOver(Socket socket, byte[] request)
    {
        using (socket)
        {
            long start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request);
            byte[] head = new byte[512];
            int got = await socket.ReceiveAsync(head);
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            int status = got > 12 ? int.Parse(Encoding.ASCII.GetString(head, 9, 3)) : 0;
            while (await socket.ReceiveAsync(head) > 0) { }
            return (status, milliseconds);
        }
    }
}
