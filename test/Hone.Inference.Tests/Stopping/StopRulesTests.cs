namespace Hone.Inference.Tests;

public class StopRulesTests
{
    // The released model of the card: generation_config declares 128001, the tokenizer 128009, which ends its turns.
    [Fact]
    public void The_stop_set_is_the_union_of_all_declared_ids()
    {
        var rules = new StopRules([128001], [128001], [128009]);
        Assert.Equal([128001, 128009], rules.Ids);
        Assert.True(rules.IsStop(128009));
        Assert.True(rules.IsStop(128001));
        Assert.False(rules.IsStop(128000));
    }

    [Fact]
    public void A_model_that_declares_none_stops_at_no_token() => Assert.False(new StopRules([], []).IsStop(0));
}
