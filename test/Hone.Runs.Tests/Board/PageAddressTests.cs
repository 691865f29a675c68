namespace Hone.Runs.Tests;

public class PageAddressTests
{
    [Fact]
    public void Other_values_take_the_place_of_some()
    {
        var address = new PageAddress("/run/a b/samples", [new("q", "x&y"), new("at", "10")]);
        Assert.Equal("/run/a%20b/samples?q=x%26y&at=20", address.With(("at", "20")));
        Assert.Equal("/run/a%20b/samples?q=x%26y", address.With(("at", "")));
        Assert.Equal(10, address.Number("at", 0));
        Assert.Equal(0, address.Number("q", 0));
        Assert.Equal("", address.Get("none"));
    }

    [Theory]
    [InlineData("a/b", "/run/a%2Fb")]
    [InlineData("\"><script>", "/run/%22%3E%3Cscript%3E")]
    [InlineData("?#%", "/run/%3F%23%25")]
    public void A_name_is_one_part_of_an_address(string name, string link) => Assert.Equal(link, PageAddress.Link(["run", name]));
}
