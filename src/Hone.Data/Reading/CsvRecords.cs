using Hone.Text;
using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Hone.Data;

/// <summary>Rows of a CSV file (RFC 4180): quoted cells may hold commas, line breaks and doubled quotes.</summary>
internal static class CsvRecords
{
    // The largest cell of a published set of questions has some kilobytes.
    private const int MaxCell = 16 << 20;

    /// <summary>The rows in order, the header among them, each with the line on which it ends, from 1. Blank lines are no rows.</summary>
    /// <exception cref="InputException">
    /// There is no such file, it is not UTF-8, a quoted cell does not end, or a cell is too long.
    /// </exception>
    public static IEnumerable<(string[] Cells, int Line)> Read(string path) =>
        Read(new CheckedUtf8Stream(RegularFile.Open(path), path), path);

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="stream">Is read to its end and closed.</param>
    /// <param name="path">For messages.</param>
    public static IEnumerable<(string[] Cells, int Line)> Read(Stream stream, string path)
    {
        using var text = new StreamReader(stream, Encoding.UTF8);
        using var parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture) { MaxFieldSize = MaxCell });
        int line = 1;
        while (Cells() is { } cells)
        {
            yield return (cells, parser.RawRow);
            line = parser.RawRow + 1;
        }

        string[]? Cells()
        {
            try
            {
                return parser.Read() ? parser.Record : null;
            }
            catch (CsvHelperException e)
            {
                throw new InputException("broken CSV", $"{path}:{line}",
                    "Quote a cell that holds a quote, a comma or a line break, and double the quotes in it.", e);
            }
        }
    }
}
