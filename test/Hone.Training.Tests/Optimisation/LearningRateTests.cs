using Hone.Data;

namespace Hone.Training.Tests;

public sealed class LearningRateTests
{
    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(5, 0.5)]
    [InlineData(10, 1.0)]
    [InlineData(55, 0.5)]
    [InlineData(100, 0.0)]
    public void Cosine_with_a_tenth_of_warm_up(int step, double expected) =>
        Assert.Equal(expected, LearningRate.At(step, 100, 1, 0.1, Schedule.Cosine), 1e-12);

    [Theory]
    [InlineData(32, 0.75)]
    [InlineData(77, 0.25)]
    public void Linear_falls_evenly(int step, double expected) =>
        Assert.Equal(expected, LearningRate.At(step, 100, 1, 0.1, Schedule.Linear), 0.01);

    /// <summary>Training of one step had the rate 0, the first of the warm-up, and changed nothing.</summary>
    [Fact]
    public void The_only_step_there_is_is_not_idle() => Assert.Equal(1, LearningRate.At(0, 1, 1, 0.03, Schedule.Cosine));
}
