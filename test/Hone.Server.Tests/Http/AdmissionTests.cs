using Microsoft.AspNetCore.Http;

namespace Hone.Server.Tests;

public sealed class AdmissionTests
{
    [Theory]
    [InlineData("localhost:8000", null, 0)]
    [InlineData("127.0.0.1:8000", null, 0)]
    [InlineData("127.9.9.9", null, 0)]
    [InlineData("[::1]:8000", null, 0)]
    [InlineData("LOCALHOST:8000", "http://localhost:8000", 0)]
    [InlineData("127.0.0.1:8000", "http://127.0.0.1:8000", 0)]
    [InlineData("", null, 403)]
    [InlineData("rebound.example:8000", null, 403)]
    [InlineData("localhost.evil.example", null, 403)]
    [InlineData("127.0.0.1.evil.example", null, 403)]
    [InlineData("10.0.0.1:8000", null, 403)]
    [InlineData("0.0.0.0:8000", null, 403)]
    [InlineData("rebound.example:8000", "http://rebound.example:8000", 403)]
    [InlineData("localhost:8000", "https://evil.example", 403)]
    [InlineData("localhost:8000", "http://localhost:9000", 403)]
    [InlineData("localhost:8000", "http://localhost", 403)]
    [InlineData("localhost:8000", "http://localhost:8000@evil.example", 403)]
    [InlineData("localhost:8000", "null", 403)]
    [InlineData("localhost:8000", "", 403)]
    [InlineData("localhost:8000", "file://", 403)]
    public void Only_this_machines_pages_reach_a_server_on_loopback(string host, string? origin, int status)
    {
        HttpRequest request = Request(host, origin);
        var admission = new Admission(loopback: true, null);
        Assert.Equal(status, admission.Refusal(request, needsKey: true)?.Status ?? 0);
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer open", 401)]
    [InlineData("Bearer open sesame!", 401)]
    [InlineData("open sesame", 401)]
    [InlineData("Bearer open sesame", 0)]
    public void A_key_is_compared_whole(string? header, int status)
    {
        HttpRequest request = Request("models.example", null);
        if (header is not null) request.Headers.Authorization = header;
        var admission = new Admission(loopback: false, "open sesame");
        Assert.Null(admission.Refusal(request, needsKey: false));
        Assert.Equal(status, admission.Refusal(request, needsKey: true)?.Status ?? 0);
    }

    [Fact]
    public void Every_route_but_health_and_the_pages_needs_the_key() =>
        Assert.Equal(PageRoutes.All.Select(r => r.Path).Append("/health").Order(StringComparer.Ordinal),
            new RouteTable(null).All.Where(r => r.IsOpen).Select(r => r.Path).Order(StringComparer.Ordinal));

    private static HttpRequest Request(string host, string? origin)
    {
        HttpRequest request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        if (origin is not null) request.Headers.Origin = origin;
        return request;
    }
}
