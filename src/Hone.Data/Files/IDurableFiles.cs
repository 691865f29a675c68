namespace Hone.Data;

/// <summary>
/// The operations that change files durably, one system call each, so that tests can trace them, fail any of them and
/// stop between any two. Data is on the disk only after <see cref="Sync"/>, a name only after <see cref="SyncFolder"/>.
/// </summary>
public interface IDurableFiles
{
    /// <summary>Makes one folder; its parent exists.</summary>
    void CreateFolder(string path);

    /// <summary>Opens a new or emptied file for writing.</summary>
    Stream Create(string path);

    /// <summary>Waits until a file's content is on the disk (fsync).</summary>
    void Sync(string path);

    /// <summary>Waits until a folder's entries are on the disk (fsync of the folder).</summary>
    void SyncFolder(string path);

    /// <summary>Renames within one file system; a file replaces a file of that name.</summary>
    void Move(string from, string to);

    void DeleteFile(string path);

    /// <summary>Removes an empty folder.</summary>
    void DeleteFolder(string path);
}
