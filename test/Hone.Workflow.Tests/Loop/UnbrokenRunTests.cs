namespace Hone.Workflow.Tests.Loop;

public sealed class UnbrokenRunTests(Unbroken unbroken)
{
    [Fact]
    public void The_same_seed_gives_the_same_bytes_in_every_file()
    {
        using var folder = new TempFolder();
        var again = new TinyRun(folder.File("run"), unbroken.Model);
        again.Go();
        Artefacts.AssertEqual(unbroken.Run.Folder, again.Folder);
        Assert.Contains("online-2/dpo/model/model.safetensors", Artefacts.Of(again.Folder).Keys);
    }
}
