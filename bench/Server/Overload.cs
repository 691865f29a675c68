using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Bench.Server;

/// <summary>1,000 requests at once: those that are not taken must be told at once, and the server must serve on.</summary>
internal static class Overload
{
    private const int Requests = 1000;

    public static async Task Run(ServerProcess server)
    {
        string body = $$"""{"model": "{{server.Model}}", "prompt": "Give me advice about tea.", "max_tokens": 64, "temperature": 1}""";
        await server.Client.PostAsync("/v1/completions", new StringContent(body, Encoding.UTF8, "application/json"));
        // Plain sockets, connected beforehand: what is timed is the server and not this client's start.
        byte[] request = Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\n"
            + $"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        for (int round = 1; round <= 5; round++)
        {
            var sockets = new Socket[Requests];
            for (int i = 0; i < Requests; i++)
            {
                sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await sockets[i].ConnectAsync("127.0.0.1", server.Port);
            }
            (int Status, double Milliseconds)[] answers = await Task.WhenAll(sockets.Select(s => Ask(s, request)));
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage after = await server.Client.PostAsync("/v1/completions",
                new StringContent(body, Encoding.UTF8, "application/json"));
            double[] refused = [.. answers.Where(a => a.Status == 429).Select(a => a.Milliseconds)];
            Console.WriteLine($"round {round}: {answers.Count(a => a.Status == 200)} answered, {refused.Length} refused with 429, "
                + $"{answers.Count(a => a.Status is not 200 and not 429)} other; 429 after p50 {Percentile.Of(refused, 0.5):F0} ms, "
                + $"p99 {Percentile.Of(refused, 0.99):F0} ms; then one request: {(int)after.StatusCode} in "
                + $"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        }
    }

    private static async Task<(int, double)> Ask(Socket socket, byte[] request)
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
