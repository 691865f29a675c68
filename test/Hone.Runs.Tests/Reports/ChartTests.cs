using System.Globalization;
using System.Xml.Linq;
using CsCheck;
using Hone.Evaluation;

namespace Hone.Runs.Tests;

public class ChartTests
{
    [Theory]
    [InlineData(0, 10, 6, 0, 10, 2)]
    [InlineData(0.12, 0.97, 6, 0, 1, 0.2)]
    [InlineData(-3.2, 4.1, 5, -4, 6, 2)]
    [InlineData(5, 5, 5, 4.5, 5.5, 0.5)]
    public void Axis_ends_and_ticks_are_round(double min, double max, int ticks, double low, double high, double step)
    {
        Axis axis = Axis.Cover(min, max, ticks);
        Assert.Equal(step, axis.Step, 9);
        Assert.Equal(low, axis.Low, 9);
        Assert.Equal(high, axis.High, 9);
    }

    [Fact]
    public void Axis_covers_any_range_with_a_handful_of_distinct_labels() =>
        Gen.Select(Gen.Double[-6, 6], Gen.Double[-1, 1], Gen.Double[0, 1], Gen.Bool).Sample((magnitude, at, width, integers) =>
        {
            double scale = Math.Pow(10, magnitude), min = at * scale, max = min + width * scale;
            Axis axis = Axis.Cover(min, max, 6, integers);
            string[] labels = [.. axis.Ticks().Select(t => axis.Label(t))];
            Assert.True(axis.Low <= min + 1e-6 * scale && axis.High >= max - 1e-6 * scale);
            Assert.InRange(labels.Length, 2, 13);
            Assert.Equal(labels.Length, labels.Distinct().Count());
        }, iter: 2000);

    [Theory]
    [InlineData(0, 5e-7, "1e-7")]
    [InlineData(0, 60000, "10k")]
    [InlineData(0, 0.02, "0.005")]
    public void Tick_labels_suit_their_size(double min, double max, string second)
    {
        Axis axis = Axis.Cover(min, max, 7);
        Assert.Equal(second, axis.Label(axis.Ticks().ElementAt(1)));
    }

    [Fact]
    public void Points_lie_where_the_ticks_say()
    {
        Chart chart = new("t", "x", "y",
            [new ChartSeries("s", "c-sft", [new ChartPoint(0, 0), new ChartPoint(5, 50), new ChartPoint(10, 100)]) { Markers = true }]);
        XElement svg = XElement.Parse(ChartSvg.Draw(chart).Markup);
        double[] cx = Numbers(svg, "circle", "cx"), cy = Numbers(svg, "circle", "cy");
        Assert.Equal((cx[0] + cx[2]) / 2, cx[1], 2);
        Assert.Equal((cy[0] + cy[2]) / 2, cy[1], 2);
        Assert.True(cy[2] < cy[1], "larger values lie higher");
        double[] grid = [.. svg.Descendants("line").Where(l => (string?)l.Attribute("class") == "grid").Select(l => Number(l, "y1"))];
        Assert.Equal(grid.Max(), cy[0], 2);
        Assert.Equal(grid.Min(), cy[2], 2);
    }

    [Fact]
    public void Everything_stays_inside_the_picture() =>
        Gen.Select(Gen.Double[-100, 100], Gen.Double[-100, 100], Gen.Double[0, 30]).Array[1, 12].Sample(points =>
        {
            ChartPoint[] made = [.. points
                .Select((p, i) => new ChartPoint(p.Item1, p.Item2, new Interval(p.Item2, p.Item2 - p.Item3, p.Item2 + p.Item3),
                    Label: $"p{i}"))];
            XElement svg = XElement.Parse(ChartSvg
                .Draw(new Chart("t", "x", "y", [new ChartSeries("s", "c-sft", made) { Markers = true }])).Markup);
            Assert.All(Numbers(svg, "circle", "cx").Concat(Numbers(svg, "text", "x")), x => Assert.InRange(x, 0, 460));
            Assert.All(Numbers(svg, "circle", "cy").Concat(Numbers(svg, "text", "y")), y => Assert.InRange(y, 0, 290));
            Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
        }, iter: 100);

    [Fact]
    public void End_labels_are_moved_apart()
    {
        Labels labels = new(0, 0, 100, 100);
        double[] placed = labels.Spread([50, 50, 51, 99], 15);
        double[] sorted = [.. placed.Order()];
        for (int i = 1; i < sorted.Length; i++) Assert.True(sorted[i] - sorted[i - 1] >= 15 - 1e-9);
        Assert.InRange(sorted[^1], 0, 100);
    }

    [Fact]
    public void Names_in_a_chart_are_escaped()
    {
        Chart chart = new("<t>", "<x>", "<y>",
            [new ChartSeries("<a>", "c-sft", [new ChartPoint(0, 1, Label: "<l>")]),
                new ChartSeries("<b>", "c-sft", [new ChartPoint(1, 2)])]);
        XElement svg = XElement.Parse(ChartSvg.Draw(chart).Markup);
        Assert.Contains("<l>", svg.Descendants("text").Select(t => t.Value));
        Assert.Contains("<a>", svg.Descendants("text").Select(t => t.Value));
    }

    [Fact]
    public void Thinning_keeps_spikes_and_the_ends_of_the_range()
    {
        MetricPoint[] points = [.. Enumerable.Range(0, 10_000).Select(i => new MetricPoint(i, i == 7777 ? 50 : Math.Sin(i)))];
        IReadOnlyList<ChartPoint> thin = Curve.Thin(points);
        Assert.InRange(thin.Count, Curve.MaxPoints / 2, Curve.MaxPoints);
        Assert.Contains(thin, p => p.Y == 50 && p.X == 7777);
        Assert.True(thin.Zip(thin.Skip(1)).All(pair => pair.First.X < pair.Second.X));
    }

    [Fact]
    public void Moving_average_keeps_a_start_and_a_straight_line()
    {
        MetricPoint[] line = [.. Enumerable.Range(0, 50).Select(i => new MetricPoint(i, 2 * i))];
        IReadOnlyList<MetricPoint> averaged = Curve.MovingAverage(line, 9);
        for (int i = 0; i < 46; i++) Assert.Equal(2 * i, averaged[i].Value, 9);
        Assert.Equal(2 * 47, averaged[^1].Value, 9);
    }

    private static double[] Numbers(XElement svg, string element, string attribute) =>
        [.. svg.Descendants(element).Select(e => Number(e, attribute))];

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    /// <summary>The name of the dashed line stood on top of a point's name.</summary>
    [Fact]
    public void The_name_of_the_reference_does_not_cover_the_name_of_a_point()
    {
        Chart chart = new("t", "x", "y",
        [
            new ChartSeries("s", "c-sft", [new ChartPoint(0, 0.9, Label: "a"), new ChartPoint(1, 0.52, Label: "beta 0.1")])
            { Markers = true },
        ])
        { Reference = 0.5, ReferenceLabel = "equal to SFT" };
        XElement[] texts = [.. XElement.Parse(ChartSvg.Draw(chart).Markup).Descendants("text")];
        XElement point = texts.Single(t => t.Value == "beta 0.1"), name = texts.Single(t => t.Value == "equal to SFT");
        double width = Labels.Width(name.Value);
        double left = Number(name, "x") - ((string?)name.Attribute("text-anchor") == "end" ? width : 0);
        bool apart = left > Number(point, "x") + Labels.Width(point.Value) || left + width < Number(point, "x")
            || Math.Abs(Number(name, "y") - Number(point, "y")) >= Labels.FontSize;
        Assert.True(apart, $"{name} {point}");
    }

    [Fact]
    public void Values_of_a_curve_are_told_under_the_pointer()
    {
        Chart chart = new("t", "step", "loss",
            [new ChartSeries("training", "c-sft", [.. Enumerable.Range(0, 500).Select(i => new ChartPoint(i, 2.5 - i * 0.001))])]);
        string[] told = [.. XElement.Parse(ChartSvg.Draw(chart).Markup).Descendants("title").Select(t => t.Value)];
        Assert.InRange(told.Length, 50, 70);
        Assert.Equal("training: 0, 2.5", told[0]);
    }

    /// <summary>A chart of fractions had ticks at whole numbers alone, and so one.</summary>
    [Fact]
    public void A_line_of_fractions_has_ticks_between_whole_numbers()
    {
        Chart chart = new("t", "reward", "share", [new ChartSeries("s", "c-sft", [new ChartPoint(-0.35, 0), new ChartPoint(0.4, 1)])]);
        string[] ticks = [.. XElement.Parse(ChartSvg.Draw(chart).Markup).Descendants("text").Select(t => t.Value)];
        Assert.Contains("0.2", ticks);
    }
}
