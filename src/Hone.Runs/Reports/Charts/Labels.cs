namespace Hone.Runs;

/// <summary>Places texts in a picture so that they cover neither each other nor the data.</summary>
internal sealed class Labels(double left, double top, double right, double bottom)
{
    /// <summary>Font size of all chart text, in the picture's units.</summary>
    public const double FontSize = 12.5;

    private readonly List<(double X0, double Y0, double X1, double Y1)> _taken = [], _texts = [];

    /// <summary>Width of a text, on the wide side: the reader's font is not known here.</summary>
    public static double Width(string text) => 0.6 * FontSize * text.Length;

    public void Take(double x0, double y0, double x1, double y1) => _taken.Add((x0, y0, x1, y1));

    /// <summary>Keeps texts off a straight line.</summary>
    public void TakeLine(double x0, double y0, double x1, double y1)
    {
        int pieces = 1 + (int)(Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0)) / 4);
        for (int i = 0; i <= pieces; i++)
        {
            double x = x0 + (x1 - x0) * i / pieces, y = y0 + (y1 - y0) * i / pieces;
            Take(x - 2, y - 2, x + 2, y + 2);
        }
    }

    /// <summary>Finds a free place beside (x, y): the left end of the text and its baseline.</summary>
    public (double X, double Y) Beside(double x, double y, string text)
    {
        double width = Width(text), gap = 8;
        (double X, double Y)[] places =
        [
            (x + gap, y - gap), (x - gap - width, y - gap), (x + gap, y + gap + 8), (x - gap - width, y + gap + 8),
            (x + gap, y + 4), (x - gap - width, y + 4), (x + 3 * gap, y - 4), (x - width / 2, y - 2 * gap), (x - width / 2, y + 3 * gap),
            (x + gap, y - 3 * gap), (x + gap, y + 4 * gap), (x - gap - width, y - 3 * gap), (x - gap - width, y + 4 * gap),
        ];
        return Freest(places, text);
    }

    /// <summary>The place of several that covers the least: the left end of the text and its baseline.</summary>
    public (double X, double Y) Freest(IReadOnlyList<(double X, double Y)> places, string text)
    {
        double width = Width(text);
        (double X, double Y) best = places.MinBy(place => Overlap(place, width));
        _texts.Add((best.X, best.Y - FontSize, best.X + width, best.Y + 3));
        return best;
    }

    /// <summary>Moves ascending or unordered heights apart to at least <paramref name="gap"/>, within the picture.</summary>
    public double[] Spread(IReadOnlyList<double> heights, double gap)
    {
        int[] order = [.. Enumerable.Range(0, heights.Count).OrderBy(i => heights[i])];
        double[] placed = [.. heights];
        for (int k = 0; k < order.Length; k++)
        {
            double least = k == 0 ? top : placed[order[k - 1]] + gap;
            placed[order[k]] = Math.Max(placed[order[k]], least);
        }
        double most = bottom;
        for (int k = order.Length - 1; k >= 0; k--, most = placed[order[k + 1]] - gap) placed[order[k]] = Math.Min(placed[order[k]], most);
        return placed;
    }

    private double Overlap((double X, double Y) place, double width)
    {
        (double x0, double y0, double x1, double y1) = (place.X, place.Y - FontSize, place.X + width, place.Y + 3);
        double outside = Math.Max(0, left - x0) + Math.Max(0, x1 - right) + Math.Max(0, top - y0) + Math.Max(0, y1 - bottom);
        // A text over a line is read still, one over another text is not.
        return 100 * outside + _taken.Sum(Area) + 10 * _texts.Sum(Area);

        double Area((double X0, double Y0, double X1, double Y1) t)
        {
            double w = Math.Min(x1, t.X1) - Math.Max(x0, t.X0), h = Math.Min(y1, t.Y1) - Math.Max(y0, t.Y0);
            return w > 0 && h > 0 ? w * h : 0;
        }
    }
}
