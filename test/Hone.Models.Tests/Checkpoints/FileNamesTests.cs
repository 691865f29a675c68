namespace Hone.Models.Tests;

public class FileNamesTests
{
    [Theory]
    [InlineData("model-00001-of-00003.safetensors")]
    [InlineData(".gitattributes")]
    [InlineData("a b.json")]
    [InlineData("CONfig.json")]
    public void Plain(string name) => Assert.True(FileNames.IsPlain(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("/x")]
    [InlineData("a\\b")]
    [InlineData("C:x")]
    [InlineData("\\\\server\\share")]
    [InlineData("x\0y")]
    [InlineData("x\n")]
    [InlineData("con")]
    [InlineData("NUL.safetensors")]
    [InlineData("com1.txt")]
    [InlineData("LPT\u00b9")]
    [InlineData("x.")]
    [InlineData("x ")]
    [InlineData("x*")]
    public void Not_plain_on_any_system(string name) => Assert.False(FileNames.IsPlain(name));
}
