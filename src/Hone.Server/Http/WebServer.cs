using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Hone.Server;

/// <summary>Kestrel alone: no configuration from outside, no logging, no name of the server.</summary>
internal static class WebServer
{
    /// <param name="port">0 for any free one.</param>
    /// <param name="bodyBytes">Largest body of a request.</param>
    /// <param name="connections">Most at a time.</param>
    public static WebApplicationBuilder Builder(IPAddress address, int port, long bodyBytes, long connections)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        // Whoever finds no place in the queue of connections is told nothing and tries again a second later.
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.Backlog = (int)connections).ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(address, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = bodyBytes;
            kestrel.Limits.MaxConcurrentConnections = connections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Logging.ClearProviders();
        return builder;
    }
}
