using Hone.Workflow.Workers;

namespace Hone.Workflow.Tests.Workers;

public sealed class PublicAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8000", false)]
    [InlineData("http://10.1.2.3:8000", false)]
    [InlineData("http://172.31.0.1", false)]
    [InlineData("http://172.32.0.1", true)]
    [InlineData("http://192.168.1.1", false)]
    [InlineData("http://100.64.0.1", false)]
    [InlineData("http://8.8.8.8:8000", true)]
    [InlineData("http://[fd00::1]:8000", false)]
    [InlineData("http://[2001:4860::1]", true)]
    public void Public_addresses_are_known(string url, bool isPublic) => Assert.Equal(isPublic, PublicAddress.Is(url));
}
