using System.Net;
using System.Net.Sockets;

namespace Hone.Workflow.Workers;

/// <summary>Whether a server can be reached by anybody.</summary>
internal static class PublicAddress
{
    /// <summary>Whether a host has an address that is neither loopback, link-local nor private (RFC 1918, 4193, 6598).</summary>
    public static bool Is(string url)
    {
        try
        {
            return Dns.GetHostAddresses(new Uri(url).IdnHost).Any(Is);
        }
        catch (SocketException)
        {
            return false; // the name is not known
        }
    }

    private static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal) return false;
        byte[] b = address.GetAddressBytes();
        return b.Length != 4 || !(b[0] is 10 or 0 || (b[0] == 172 && b[1] is >= 16 and < 32) || (b[0] == 192 && b[1] == 168)
            || (b[0] == 169 && b[1] == 254) || (b[0] == 100 && b[1] is >= 64 and < 128));
    }
}
