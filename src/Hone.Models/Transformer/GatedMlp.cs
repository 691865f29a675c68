using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Gated feed-forward (arXiv 2002.05202): down(f(gate(x)) * up(x)). Gate and up may be one matrix, gate first.</summary>
internal sealed class GatedMlp
{
    private readonly Projection[] _gateAndUp;
    private readonly Projection _down;
    private readonly Activation _activation;

    public GatedMlp(IReadOnlyDictionary<string, Tensor> weights, LoraAdapter? adapter, string prefix, TransformerConfig config)
    {
        string[] names = config.FusedProjections ? ["gate_up_proj"] : ["gate_proj", "up_proj"];
        _gateAndUp = [.. names.Select(name => Projection.Of(weights, prefix + name, adapter))];
        _down = Projection.Of(weights, prefix + "down_proj", adapter);
        _activation = config.Activation;
    }

    /// <summary>[rows, hidden] to [rows, hidden]</summary>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _down.Apply(Gated(x)).MoveToOuterDisposeScope();
    }

    /// <summary>f(gate(x)) * up(x), with three tensors of its size alive at most. [rows, hidden] to [rows, intermediate]</summary>
    private Tensor Gated(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor[] parts = Projection.Apply(_gateAndUp, x);
        if (parts.Length == 1) parts = parts[0].chunk(2, -1);
        if (is_grad_enabled() && (parts[0].requires_grad || parts[1].requires_grad))
            return Product.apply(parts[0], parts[1], this).MoveToOuterDisposeScope();
        Tensor gate = Activate(parts[0]);
        parts[0].Dispose();
        return gate.mul_(parts[1]).MoveToOuterDisposeScope();
    }

    private Tensor Activate(Tensor gate) => _activation == Activation.Silu ? nn.functional.silu(gate) : GeluTanh(gate);

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), arXiv 1606.08415, in fp32.</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor wide = x.As(ScalarType.Float32);
        Tensor inner = (wide * (wide * wide).ScaleInPlace(0.044715).AddInPlace(1)).ScaleInPlace(Math.Sqrt(2 / Math.PI));
        Tensor result = wide.Times(0.5) * inner.tanh_().Plus(1);
        return result.As(x.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>f(gate) * up, of which gate and up alone are kept: f(gate) is computed again in the backward pass.</summary>
    private sealed class Product : autograd.SingleTensorFunction<Product>
    {
        public override string Name => nameof(GatedMlp);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (gate, up, mlp) = ((Tensor)vars[0], (Tensor)vars[1], (GatedMlp)vars[2]);
            ctx.save_data(nameof(mlp), mlp);
            ctx.save_for_backward([gate, up]);
            return mlp.Activate(gate).mul_(up);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var mlp = (GatedMlp)ctx.get_data("mlp");
            List<Tensor> kept = ctx.get_saved_variables();
            using var scope = NewDisposeScope();
            Tensor gate = kept[0].detach().requires_grad_(true), active;
            using (enable_grad()) active = mlp.Activate(gate);
            Tensor ofUp = active.detach() * grad_output;
            Tensor ofGate = autograd.grad([active], [gate], [grad_output * kept[1]])[0];
            foreach (Tensor tensor in kept) tensor.Dispose();
            Tensor?[] results = [ofGate.MoveToOuterDisposeScope(), ofUp.MoveToOuterDisposeScope()];
            return [.. BackwardHandles.Return(results, grad_output).Select(r => r!), null!];
        }
    }
}
