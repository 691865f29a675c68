namespace Hone.Data;

/// <summary>Folders that are made on the way to a path, and that go again when nothing comes to stand there.</summary>
internal sealed class NewParents
{
    private readonly List<string> _missing = []; // nearest first

    /// <param name="path">That is going to be made.</param>
    public NewParents(string path)
    {
        for (string? at = Path.GetDirectoryName(Path.GetFullPath(path)); at is not null && !Path.Exists(at); at = Path.GetDirectoryName(at))
            _missing.Add(at);
    }

    /// <summary>Removes those that are there now and empty.</summary>
    public void RemoveEmpty()
    {
        foreach (string folder in _missing)
        {
            try
            {
                if (Directory.Exists(folder)) Directory.Delete(folder);
            }
            catch (IOException)
            {
                return; // someone has put something into it
            }
        }
    }
}
