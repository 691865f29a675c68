using Microsoft.Playwright;

namespace Hone.Browser.Tests;

public sealed class LooksTests(Browser browser)
{
    [Fact]
    public async Task A_picture_without_a_name_and_pale_text_are_found()
    {
        IPage page = await browser.Page();
        await page.SetContentAsync("<html lang=en><title>t</title><main><img src=x><p style='color:#ccc'>pale</main>");
        string message = (await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(page.Accessible)).Message;
        Assert.Contains("image-alt", message, StringComparison.Ordinal);
        Assert.Contains("color-contrast", message, StringComparison.Ordinal);
    }
}
