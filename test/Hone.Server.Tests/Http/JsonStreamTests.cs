using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Tests;

public sealed class JsonStreamTests
{
    /// <summary>Kestrel aborts the connection of a cancelled write: the event that says why the answer ended could not follow.</summary>
    [Fact]
    public async Task A_time_limit_that_ends_during_a_write_does_not_cancel_the_write()
    {
        using var limit = new CancellationTokenSource();
        using var body = new WrittenBody(limit.Cancel);
        var context = new DefaultHttpContext();
        context.Response.Body = body;
        var stream = new JsonStream(context.Response, events: true);

        await stream.WriteAsync(new JsonObject { ["text"] = "first" }, limit.Token);
        Assert.True(limit.IsCancellationRequested);
        Assert.Equal("data: {\"text\":\"first\"}\n\n", Encoding.UTF8.GetString(body.ToArray()));

        await Assert.ThrowsAsync<OperationCanceledException>(() => stream.WriteAsync(new JsonObject { ["text"] = "late" }, limit.Token));
        await stream.WriteAsync(new JsonObject { ["error"] = "time" }, CancellationToken.None);
        Assert.EndsWith("data: {\"error\":\"time\"}\n\n", Encoding.UTF8.GetString(body.ToArray()), StringComparison.Ordinal);
    }

    /// <summary>Does something while it is written to, and refuses what was cancelled meanwhile, as Kestrel does.</summary>
    private sealed class WrittenBody(Action meanwhile) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            meanwhile();
            cancellationToken.ThrowIfCancellationRequested();
            await base.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.CompletedTask;
        }
    }
}
