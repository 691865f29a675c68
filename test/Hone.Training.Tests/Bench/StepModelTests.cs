using Hone.Bench.Scaling;

namespace Hone.Training.Tests.Bench;

/// <summary>The formula of the planning page: beside what was measured, and where it is known without measuring.</summary>
public class StepModelTests
{
    private static readonly Work s_work = new(6e9, 2.0 / 3, 1e9, 0.2e9, 2e9, Rows: 64, RowTokens: 1024, PassTokens: 8192);
    private static readonly Machine s_machine = new(277e12, 4.3e12);

    [Fact]
    public void Measured_steps_of_two_and_four_ranks_come_out_within_the_tolerance_stated()
    {
        Assert.Equal([2, 4], Measured.Points.Select(p => p.Ranks).Distinct().Order());
        Assert.All(Measured.Points, p => Assert.InRange(p.Error, -Measured.Tolerance, Measured.Tolerance));
    }

    [Fact]
    public void One_rank_computes_and_steps_and_waits_for_nobody()
    {
        StepTime one = StepModel.Of(s_work, s_machine, new Network(1, 1, false, false), 1);
        Assert.Equal(64 * 1024 * 6e9 / 277e12, one.Compute, 1e-9);
        Assert.Equal(0, one.Wait);
        Assert.Equal(28e9 / 4.3e12, one.Optimiser, 1e-9);
    }

    /// <summary>All of it waits where nothing overlaps; where all is hidden, the embedding's gradient is left, which comes last.</summary>
    [Fact]
    public void What_the_backward_pass_hides_is_all_but_what_is_complete_at_its_end()
    {
        double whole = new Network(10e9, 0, true, true).AllReduce(4e9, 8);
        Assert.Equal(2 * 7 / 8.0 * 4e9 / 10e9, whole, 1e-9);
        Assert.Equal(whole, Wait(new Network(10e9, 0, true, Overlaps: false), s_machine), 1e-6);
        // So slow that every bucket has arrived before the next one is there.
        Assert.InRange(Wait(new Network(10e9, 0, true, Overlaps: true), new Machine(1e12, 4.3e12)), 0.2 * whole, (0.2 * whole) + 0.02);
        // So fast that the link is never idle from the first bucket on.
        Assert.Equal(whole, Wait(new Network(10e9, 0, true, Overlaps: true), new Machine(1e18, 1e18)), 1e-2);
    }

    [Fact]
    public void More_ranks_than_rows_do_not_help()
    {
        var network = new Network(100e9, 0, true, true);
        Assert.Equal(Compute(64, network), Compute(128, network), 1e-9);
        Assert.True(Compute(32, network) > Compute(64, network));
    }

    [Fact]
    public void Sharding_divides_the_update_and_adds_the_weights_way()
    {
        var network = new Network(100e9, 0, true, true);
        StepTime all = StepModel.Of(s_work, s_machine, network, 4), own = StepModel.Of(s_work, s_machine, network, 4, sharded: true);
        Assert.Equal((28e9 / 4.3e12, (7e9 / 4.3e12) + 0.04), (all.Optimiser, own.Optimiser));
        Assert.Equal((all.Compute, all.Wait), (own.Compute, own.Wait));
    }

    private static double Wait(Network network, Machine machine) => StepModel.Of(s_work, machine, network, 8).Wait;

    private static double Compute(int ranks, Network network) => StepModel.Of(s_work, s_machine, network, ranks).Compute;
}
