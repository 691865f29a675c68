namespace Hone.Cli.Tests;

/// <summary>A folder with a tiny model and rows, and the flags that keep a training down to a few steps.</summary>
public abstract class StageTest : IDisposable
{
    private readonly TempFolder _folder = new();

    protected string At(string name) => _folder.File(name);

    protected string Model => Directory.Exists(At("model")) ? At("model") : TinyModel.Write(At("model"));

    protected string Reward => Directory.Exists(At("reward-model")) ? At("reward-model") : TinyModel.WriteReward(At("reward-model"));

    /// <summary>Three steps of eight rows; four rows are held out where the stage holds any out.</summary>
    protected static string[] Short(string section) =>
    [
        "--device", "cpu", "--set", "data.held_out.sft=4", "--set", "data.held_out.reward=4", "--set", $"{section}.batch_size=8",
        "--set", $"{section}.max_length=200", "--set", $"{section}.learning_rate=1e-2", "--set", $"{section}.log_every=1",
        .. section == "offline_dpo" ? (string[])["--set", "offline_dpo.max_prompt_length=100"] : [],
    ];

    protected static byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
