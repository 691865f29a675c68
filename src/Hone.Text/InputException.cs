namespace Hone;

/// <summary>
/// Something the user gave is wrong: a file, a row, a key, a flag. The CLI prints it as it is, without a stack trace,
/// and exits with code 2. State what happened, where (file:line, key, row) and what to do.
/// </summary>
public sealed class InputException : Exception
{
    public InputException(string what, string? where = null, string? fix = null, Exception? inner = null)
        : base(Compose(what, where, fix), inner)
    {
        What = what;
        Where = where;
        Fix = fix;
    }

    /// <summary>What happened, without the place and the advice.</summary>
    public string What { get; }

    public string? Where { get; }

    public string? Fix { get; }

    private static string Compose(string what, string? where, string? fix)
    {
        string text = where is null ? what : $"{where}: {what}";
        return fix is null ? text : $"{text}\n  {fix}";
    }
}
