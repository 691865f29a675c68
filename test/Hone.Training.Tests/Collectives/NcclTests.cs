using System.Diagnostics;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>NCCL as <see cref="NcclStub"/> plays it: what is asked of it in which order, and what becomes of its errors.</summary>
public class NcclTests
{
    private const int SystemError = 2, InvalidUsage = 5, RemoteError = 6;

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Sums_and_copies_are_exact_on_all_ranks(int size)
    {
        using NcclStub stub = NcclStub.Build();
        Assert.All(ManyRanks.Run(size, GlooTests.SumsAndCopiesAreExact, stub.Choice), Assert.True);
        Assert.Equal((0, 0, size), (stub.Events, stub.Aborts, stub.Destroys));
    }

    [Fact]
    public void One_rank_alone_goes_through_all_of_it()
    {
        using NcclStub stub = NcclStub.Build();
        using Ranks ranks = Ranks.OfOne(NcclCollective.Alone(stub.Open(), 1, CPU));
        Assert.False(ranks.Alone);
        Assert.True(GlooTests.SumsAndCopiesAreExact(ranks));
        ranks.Leave();
        Assert.Equal(1, stub.Destroys);
    }

    /// <summary>A tensor is written by kernels that may be far from done when the call is made.</summary>
    [Fact]
    public void A_sum_is_of_what_libtorch_was_about_to_write()
    {
        using NcclStub stub = NcclStub.Build();
        float[][] sums = ManyRanks.Run(2, ranks =>
        {
            using Tensor tensor = zeros(1000);
            // Each GPU has a default stream of its own.
            stub.FillLater(ranks.Rank, tensor, ranks.Rank + 1, 50 + (300 * ranks.Rank));
            ranks.Wait(ranks.AllReduce(tensor));
            return tensor.data<float>().ToArray();
        }, stub.Choice);
        Assert.All(sums, sum => Assert.Equal((3, 3), (sum.Min(), sum.Max())));
    }

    /// <summary>Passes that libtorch is given after the call go on beside it.</summary>
    [Fact]
    public void A_sum_does_not_wait_for_what_comes_after_it()
    {
        using NcclStub stub = NcclStub.Build();
        using Tensor later = zeros(2);
        bool[] before = ManyRanks.Run(2, ranks =>
        {
            using Tensor tensor = ones(1000);
            Func<bool> sum = ranks.AllReduce(tensor);
            using Tensor own = later.narrow(0, ranks.Rank, 1);
            stub.FillLater(ranks.Rank, own, 1, 2000);
            ranks.Wait(sum);
            return own.item<float>() == 0;
        }, stub.Choice);
        Assert.All(before, Assert.True);
        while (later.sum().item<float>() < 2) Thread.Sleep(10); // until the stub, which tells of nothing, has written to it
    }

    /// <summary>"Not ready" is no error, but CUDA keeps it as one, and libtorch would find it after its next kernel.</summary>
    [Fact]
    public void A_look_at_what_is_not_done_leaves_no_error_behind()
    {
        using NcclStub stub = NcclStub.Build();
        long[] left = ManyRanks.Run(2, ranks =>
        {
            using Tensor tensor = ones(10);
            stub.FillLater(ranks.Rank, tensor, 1, 100);
            Func<bool> sum = ranks.AllReduce(tensor);
            // Only a look at an event is meant: the collective's thread needs a moment to put it on the stream, and nothing tells of that.
            Thread.Sleep(20);
            Assert.False(sum());
            long error = stub.LastError;
            ranks.Wait(sum);
            return error;
        }, stub.Choice);
        Assert.All(left, error => Assert.Equal(0, error));
    }

    [Fact]
    public Task What_fails_on_one_rank_ends_all_by_name() => Task.WhenAll([.. new (string Function, int Code, string Said)[]
    {
        ("ncclCommInitRankConfig", SystemError, "connecting failed: unhandled system error: the stub's last word"),
        ("ncclGetUniqueId", SystemError, "making an id failed: unhandled system error"),
        ("cudaStreamCreateWithFlags", 2, "new stream failed: the stub's CUDA is unwell"),
        ("ncclAllReduce", InvalidUsage, "all-reduce failed: invalid usage"),
        ("cudaEventQuery", 2, "query an event failed: the stub's CUDA is unwell"),
    }.Select(c => Task.Run(() => Fails(c.Function, c.Code, c.Said)))]);

    private static void Fails(string function, int code, string said)
    {
        using NcclStub stub = NcclStub.Build();
        stub.Fail(function, code);
        Exception?[] errors = Errors(stub, ranks =>
        {
            using Tensor tensor = ones(10);
            ranks.Wait(ranks.AllReduce(tensor));
            ranks.Gather([]);
            ranks.Agree(true);
        });
        Assert.All(errors, e => Assert.Contains(said, Assert.IsType<RankLostException>(e).Message, StringComparison.Ordinal));
        string host = Environment.MachineName;
        Assert.All(errors, e => Assert.Matches($"^rank [01] on {host}", e!.Message));
        Assert.Equal(0, stub.Destroys);
    }

    [Fact]
    public void An_error_on_the_way_ends_work_that_waits_for_a_rank()
    {
        using NcclStub stub = NcclStub.Build();
        Exception?[] errors = Errors(stub, ranks =>
        {
            using Tensor tensor = ones(10);
            ranks.Wait(ranks.AllReduce(tensor));
            Func<bool> never = ranks.Leads ? ranks.AllReduce(tensor) : () => false;
            if (!ranks.Leads) stub.Break(RemoteError);
            ranks.Wait(never);
        });
        Assert.Contains("remote process exited", Assert.IsType<RankLostException>(errors[0]).Message, StringComparison.Ordinal);
        Assert.Equal((2, 0), (stub.Aborts, stub.Destroys));
    }

    [Fact]
    public void A_lost_rank_is_named_and_what_waited_for_it_is_aborted()
    {
        using NcclStub stub = NcclStub.Build();
        long begun = Stopwatch.GetTimestamp();
        Exception?[] errors = Errors(stub, ranks =>
        {
            using Tensor tensor = ones(10);
            if (!ranks.Leads) throw new InvalidDataException("a broken file");
            ranks.Wait(ranks.AllReduce(tensor));
        });
        Assert.IsType<InvalidDataException>(errors[1]);
        Assert.Contains($"rank 1 on {Environment.MachineName} ended: a broken file", Assert.IsType<RankLostException>(errors[0]).Message,
            StringComparison.Ordinal);
        Assert.Equal((2, 0), (stub.Aborts, stub.Destroys));
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10));
    }

    /// <summary>It cannot look: libtorch may be waiting for memory that is free when the GPU has done all its work.</summary>
    [Fact]
    public void A_thread_that_the_gpu_holds_up_is_freed_when_a_rank_is_lost()
    {
        using NcclStub stub = NcclStub.Build();
        Exception?[] errors = Errors(stub, ranks =>
        {
            using Tensor tensor = ones(10);
            if (!ranks.Leads) throw new InvalidDataException("a broken file");
            Func<bool> sum = ranks.AllReduce(tensor);
            Assert.True(SpinWait.SpinUntil(() => stub.Aborts == 2, TimeSpan.FromSeconds(10)));
            ranks.Wait(sum);
        });
        Assert.Contains("ended: a broken file", Assert.IsType<RankLostException>(errors[0]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ranks_with_one_gpu_are_refused_by_name()
    {
        using NcclStub stub = NcclStub.Build();
        stub.OneBus();
        Assert.All(Errors(stub, _ => { }), error =>
        {
            string message = Assert.IsType<InputException>(error).Message;
            Assert.Contains($"rank 0 and rank 1 on {Environment.MachineName} have one GPU between them, 0000:00:00.0", message,
                StringComparison.Ordinal);
            Assert.Contains("ranks.engine: gloo", message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Ranks_with_other_versions_are_refused_with_both()
    {
        using NcclStub stub = NcclStub.Build(), other = NcclStub.Build("VERSION=21805");
        (int, Exception? Error)[] ends = ManyRanks.Try(2, _ => 0, rank => (rank == 0 ? stub : other).Choice(rank));
        Assert.All(ends, e => Assert.Contains("engine: nccl 2.27.3 -> nccl 2.18.5", e.Error!.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_library_that_cannot_be_driven_is_refused_with_what_to_do()
    {
        string none = Path.Combine(Path.GetTempPath(), "no-such-library.so");
        Assert.Contains("this libtorch has no CUDA", Refused(none), StringComparison.Ordinal);
        using NcclStub cuda = NcclStub.Build("WITHOUT_NCCL"), old = NcclStub.Build("VERSION=2804"), next = NcclStub.Build("VERSION=30001"),
            small = NcclStub.Build("WITHOUT_CONFIG"), whole = NcclStub.Build();
        Assert.Contains("there is no NCCL here", Refused(cuda.Path, none), StringComparison.Ordinal);
        Assert.Contains("this is NCCL 2.8.4", Refused(old.Path), StringComparison.Ordinal);
        Assert.Contains("this is NCCL 3.0.1", Refused(next.Path), StringComparison.Ordinal);
        Assert.Contains("no ncclCommInitRankConfig here", Refused(small.Path), StringComparison.Ordinal);
        Assert.Equal("2.27.3", NcclLibrary.Open(cuda.Path, whole.Path).Version); // the machine's
    }

    [Fact]
    public void An_engine_for_gpus_is_refused_on_the_cpu_and_not_taken_by_itself()
    {
        var place = new RankPlace(1, 2, 1, "127.0.0.1", 1, false);
        string message = Assert.Throws<InputException>(() => CollectiveChoice.Of(place, "nccl", CPU)).Message;
        Assert.Contains("this rank trains on the CPU", message, StringComparison.Ordinal);
        Assert.Contains("Take ranks.engine: gloo", message, StringComparison.Ordinal);
        Assert.Equal("gloo", CollectiveChoice.Of(place, "auto", CPU).Name);
    }

    private static string Refused(string torchCuda, string machine = "libnccl.so.2")
    {
        string message = Assert.Throws<InputException>(() => NcclLibrary.Open(torchCuda, machine)).Message;
        Assert.Contains("ranks.engine: gloo", message, StringComparison.Ordinal);
        return message;
    }

    private static Exception?[] Errors(NcclStub stub, Action<Ranks> work) => [.. ManyRanks.Try(2, ranks =>
    {
        work(ranks);
        return 0;
    }, stub.Choice).Select(e => e.Error)];
}
