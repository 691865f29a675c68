using Hone.Data;

namespace Hone.Evaluation.Tests;

internal static class TestFiles
{
    /// <summary>The rows of a CSV file, its header first.</summary>
    public static string[][] Csv(string path) => [.. CsvRecords.Read(path).Select(r => r.Cells)];
}
