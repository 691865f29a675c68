using Hone.Data;
using Microsoft.Data.Sqlite;

namespace Hone.Evaluation;

/// <summary>
/// What a reply answers, within one model: task, item, the item's how-manieth request, and hashes of the prompt and of the
/// settings. A changed prompt or setting is another key, so that a stored reply is never taken for a question it was not
/// given to.
/// </summary>
public readonly record struct ReplyKey(string Task, string Item, int Request, string PromptHash, string SettingsHash);

/// <summary>
/// Every reply of every model, written as it arrives to one SQLite file. A run that was killed asks only what is missing.
/// Several processes may use one store.
/// </summary>
public sealed class ReplyStore : IDisposable
{
    private const int Layout = 1;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _add;
    private readonly Lock _gate = new();
    private readonly string? _path;

    private ReplyStore(SqliteConnection connection, string? path)
    {
        (_connection, _path) = (connection, path);
        _add = connection.CreateCommand();
        _add.CommandText = "INSERT OR REPLACE INTO reply(model, task, item, request, prompt, settings, reply) VALUES ($model, $task, "
            + "$item, $request, $prompt, $settings, $reply)";
        foreach (string name in (string[])["$model", "$task", "$item", "$request", "$prompt", "$settings", "$reply"])
            _add.Parameters.Add(new SqliteParameter(name, null));
    }

    /// <summary>Opens a store, or makes one.</summary>
    /// <param name="path">The file; its folder is made.</param>
    /// <exception cref="InputException">The file is something else, is damaged, or was written by a later layout.</exception>
    public static ReplyStore Open(string path)
    {
        if (Directory.Exists(path)) throw new InputException("this is a folder, not a file of stored replies", path);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return Connect(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString(), path, path);
    }

    /// <summary>A store that is gone with the process, for runs that keep nothing.</summary>
    public static ReplyStore InMemory() => Connect("Data Source=:memory:", "memory", null);

    /// <summary>All replies of a model to a task.</summary>
    public IReadOnlyDictionary<ReplyKey, string> Of(string model, string task)
    {
        lock (_gate)
        {
            using SqliteCommand find = _connection.CreateCommand();
            find.CommandText = "SELECT item, request, prompt, settings, reply FROM reply WHERE model = $model AND task = $task";
            find.Parameters.AddWithValue("$model", model);
            find.Parameters.AddWithValue("$task", task);
            using SqliteDataReader row = find.ExecuteReader();
            var replies = new Dictionary<ReplyKey, string>();
            while (row.Read())
                replies[new ReplyKey(task, row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetString(3))] = row.GetString(4);
            return replies;
        }
    }

    /// <summary>
    /// Waits until nobody else asks a model this task's questions on the same store: the later one finds the replies of the
    /// earlier, and nothing is asked twice. A process that is killed lets go.
    /// </summary>
    public async Task<IDisposable?> AloneAsync(string model, string task, CancellationToken cancel)
    {
        if (_path is null) return null;
        string path = $"{_path}.{TaskRunner.Hash($"{model}\n{task}")[..16]}.lock";
        return await HeldFile.TakeAsync(path, cancel, options: FileOptions.DeleteOnClose).ConfigureAwait(false);
    }

    /// <summary>Keeps a reply; when this returns, a kill of the process no longer loses it.</summary>
    public void Add(string model, ReplyKey key, string reply)
    {
        lock (_gate)
        {
            object[] values = [model, key.Task, key.Item, key.Request, key.PromptHash, key.SettingsHash, reply];
            for (int i = 0; i < values.Length; i++) _add.Parameters[i].Value = values[i];
            _add.ExecuteNonQuery();
        }
    }

    public void Dispose()
    {
        _add.Dispose();
        _connection.Dispose();
    }

    private static ReplyStore Connect(string settings, string path, string? file)
    {
        var connection = new SqliteConnection(settings);
        try
        {
            connection.Open();
            // WAL: a reader is never in the way of the writer. NORMAL: safe against kills; a power cut may take the last
            // replies, never the file.
            Execute(connection, "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            long layout = (long)Execute(connection, "PRAGMA user_version")!;
            if (layout > Layout) throw new InputException($"the stored replies have layout {layout}, this version reads {Layout}", path,
                "Use the Hone that wrote them, or another file.");
            Execute(connection, $"""
                CREATE TABLE IF NOT EXISTS reply(
                    model TEXT NOT NULL, task TEXT NOT NULL, item TEXT NOT NULL, request INTEGER NOT NULL,
                    prompt TEXT NOT NULL, settings TEXT NOT NULL, reply TEXT NOT NULL,
                    PRIMARY KEY (model, task, item, request, prompt, settings)) WITHOUT ROWID;
                PRAGMA user_version = {Layout};
                """);
            return new ReplyStore(connection, file);
        }
        catch (Exception e)
        {
            connection.Dispose();
            if (e is SqliteException sql) throw new InputException($"the stored replies cannot be opened: {sql.Message}", path,
                "Give another file, or remove this one to ask everything again.", sql);
            throw;
        }
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is Hone's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
