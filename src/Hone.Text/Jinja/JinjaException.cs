namespace Hone.Text.Jinja;

/// <summary>What a Jinja template did wrong, at parse or at render time.</summary>
internal sealed class JinjaException(string message) : Exception(Shorten(message))
{
    private const int MaxMessage = 2000;

    /// <summary>Line of the template, from 1; 0 where it is not known yet.</summary>
    public int Line { get; set; }

    /// <summary>True when the template itself called raise_exception.</summary>
    public bool RaisedByTemplate { get; init; }

    // A template can raise a text of any size.
    private static string Shorten(string message) => message.Length > MaxMessage ? message[..MaxMessage] + "..." : message;
}
