using Hone.Runs;
using Hone.Workflow.Tests.Loop;

[assembly: AssemblyFixture(typeof(Unbroken))]

namespace Hone.Workflow.Tests.Loop;

/// <summary>A tiny run that nothing disturbed, and its base model, made once for all tests that need them.</summary>
public sealed class Unbroken : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Lazy<string> _model;
    private readonly Lazy<(TinyRun, RunResults)> _run;

    public Unbroken()
    {
        _model = new(() =>
        {
            TinyModel.Write(_folder.File("base"));
            return _folder.File("base");
        });
        _run = new(() =>
        {
            var run = new TinyRun(_folder.File("run"), Model);
            return (run, run.Go());
        });
    }

    internal string Model => _model.Value;

    internal TinyRun Run => _run.Value.Item1;

    internal RunResults Results => _run.Value.Item2;

    public void Dispose() => _folder.Dispose();
}
