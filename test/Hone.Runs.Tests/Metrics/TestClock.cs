namespace Hone.Runs.Tests.Metrics;

/// <summary>A clock that moves only when told.</summary>
internal sealed class TestClock : TimeProvider
{
    internal DateTimeOffset Now { get; set; } = new(2025, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Now;

    internal void Pass(double seconds) => Now += TimeSpan.FromSeconds(seconds);
}
