using System.Collections.Immutable;

namespace Hone.Server;

/// <summary>All models of a server, by their names, in the order in which they came.</summary>
public sealed class ServedModels : IAsyncDisposable
{
    private ImmutableList<ServedModel> _models = [];

    /// <summary>The models of now.</summary>
    internal IReadOnlyList<ServedModel> All => _models;

    /// <summary>Serves one more.</summary>
    /// <param name="model">From here on this object's, unless the name is taken.</param>
    /// <exception cref="InputException">The name is taken.</exception>
    public void Add(ServedModel model)
    {
        if (!ImmutableInterlocked.Update(ref _models, all => all.Any(m => m.Name == model.Name) ? all : all.Add(model)))
            throw new InputException($"two models are named {model.Name}", fix: "Name them apart.");
    }

    /// <summary>The language model of that name.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    internal ServedModel Language(string name)
    {
        ServedModel model = Find(name);
        return !model.IsReward ? model : throw ApiException.Invalid(
            $"`{name}` is a reward model: it answers nothing, it scores conversations (/v1/rewards)", "model", "not_a_language_model");
    }

    /// <summary>The reward model of that name.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    internal ServedModel Reward(string name)
    {
        ServedModel model = Find(name);
        return model.IsReward ? model
            : throw ApiException.Invalid($"`{name}` is a language model; a reward model is needed here", "model", "not_a_reward_model");
    }

    /// <summary>The model of that name, or without a name the only one.</summary>
    /// <exception cref="ApiException">404: there is none of that name. 400: it is needed.</exception>
    internal ServedModel FindOrOnly(string? name) => name is not null ? Find(name)
        : _models is [var only] ? only : throw ApiException.Invalid("`model` is needed, as several are served", "model");

    /// <exception cref="ApiException">404: there is none of that name.</exception>
    internal ServedModel Find(string name) => _models.FirstOrDefault(m => m.Name == name) ?? throw new ApiException(404,
        $"the model `{name}` does not exist; served: {string.Join(", ", _models.Select(m => $"`{m.Name}`"))}", "model", "model_not_found");

    /// <summary>Serves another model under a model's name and in its place. The old one is the caller's from here on.</summary>
    internal void Replace(ServedModel old, ServedModel by) =>
        ImmutableInterlocked.Update(ref _models, all => all.Contains(old) ? all.Replace(old, by) : all.Add(by));

    /// <summary>Takes a model out and puts it away once its requests have ended.</summary>
    internal async Task RemoveAsync(ServedModel model)
    {
        ImmutableInterlocked.Update(ref _models, all => all.Remove(model));
        await model.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServedModel model in _models) await model.DisposeAsync().ConfigureAwait(false);
    }
}
