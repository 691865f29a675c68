using System.Globalization;
using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Python's strftime in the C locale.</summary>
internal static class Strftime
{
    public static string Format(string format, DateTimeOffset now, Budget budget)
    {
        budget.Characters(format.Length * 16L);
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 >= format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            bool bare = format[i + 1] == '-' && i + 2 < format.Length;
            i += bare ? 2 : 1;
            string field = Field(format[i], now);
            text.Append(bare ? field.TrimStart('0').PadLeft(1, '0') : field);
        }
        return text.ToString();
    }

    private static string Field(char code, DateTimeOffset now) => code switch
    {
        'Y' => Text("yyyy", now),
        'y' => Text("yy", now),
        'm' => Text("MM", now),
        'd' => Text("dd", now),
        'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'B' => Text("MMMM", now),
        'b' or 'h' => Text("MMM", now),
        'A' => Text("dddd", now),
        'a' => Text("ddd", now),
        'H' => Text("HH", now),
        'I' => Text("hh", now),
        'M' => Text("mm", now),
        'S' => Text("ss", now),
        'f' => Text("ffffff", now),
        'p' => Text("tt", now),
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'F' => Text("yyyy-MM-dd", now),
        'D' => Text("MM/dd/yy", now),
        'T' => Text("HH:mm:ss", now),
        'R' => Text("HH:mm", now),
        'z' or 'Z' => "",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => throw new JinjaException($"strftime_now does not support %{code}"),
    };

    private static string Text(string format, DateTimeOffset now) => now.ToString(format, CultureInfo.InvariantCulture);
}
