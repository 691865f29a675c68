namespace Hone.Inference.Tests;

public class BlockPoolTests
{
    [Fact]
    public void Blocks_are_given_out_up_to_the_limit_and_again_when_released()
    {
        var pool = new BlockPool(2);
        (int a, int b) = (pool.Take()!.Value, pool.Take()!.Value);
        Assert.Null(pool.Take());
        Assert.Equal(0, pool.Available);
        pool.Hold(a);
        Assert.True(pool.IsShared(a));
        pool.Release(a);
        Assert.Null(pool.Take());
        pool.Release(a);
        Assert.Equal(a, pool.Take());
        Assert.Equal(2, pool.Take(beyondLimit: true));
        Assert.NotEqual(a, b);
        Assert.Equal(3, pool.Count);
    }

    [Fact]
    public void A_known_block_is_found_until_its_place_is_needed_the_longest_unused_first()
    {
        var pool = new BlockPool(2);
        UInt128 first = BlockPool.Contents(0, [1, 2]), second = BlockPool.Contents(first, [1, 2]);
        Assert.NotEqual(first, second);
        (int a, int b) = (pool.Take()!.Value, pool.Take()!.Value);
        pool.Know(a, first);
        pool.Know(b, second);
        pool.Release(b);
        pool.Release(a);
        Assert.Equal(2, pool.Available);
        Assert.Equal((a, b), (pool.Find(first)!.Value, pool.Find(second)!.Value));
        pool.Hold(b);
        Assert.Equal(a, pool.Take());
        Assert.Null(pool.Find(first));
        Assert.Equal(b, pool.Find(second));
        Assert.Null(pool.Take());
    }

    [Fact]
    public void Of_two_blocks_that_hold_the_same_one_is_known()
    {
        var pool = new BlockPool(2);
        (int a, int b) = (pool.Take()!.Value, pool.Take()!.Value);
        pool.Know(a, 7);
        pool.Know(b, 7);
        Assert.Equal(a, pool.Find(7));
        pool.Release(b);
        Assert.Equal(b, pool.Take());
        Assert.Equal(a, pool.Find(7));
    }
}
