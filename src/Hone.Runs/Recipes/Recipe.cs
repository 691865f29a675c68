using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>
/// All settings of one run. The defaults are those of the paper "RLHF Workflow: From Reward Modeling to Online RLHF"
/// (arXiv 2405.07863, sections 3.1-3.3, B.3 and Table 7); where its public code differs the key's comment says so.
/// In YAML each property is a key in snake_case.
/// </summary>
public sealed record Recipe
{
    [Comment("Name of the run; its folder is runs/<date>-<name>.")]
    [RegularExpression("[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        ErrorMessage = "letters, digits, '.', '_' and '-', at most 64, starting with a letter or digit")]
    [DoesNotChangeResult]
    public string Name { get; init; } = "run";

    [Comment("Seed of everything random.")]
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 42;

    [Comment("Where to compute: auto, cpu, cuda or cuda:N.")]
    [RegularExpression("auto|cpu|cuda(:[0-9]{1,3})?", ErrorMessage = "auto, cpu, cuda or cuda:N")]
    [DoesNotChangeResult]
    public string Device { get; init; } = "auto";

    [Comment("Arithmetic of the forward and backward pass, fp32 or bf16; master weights are always fp32. The paper used bf16.")]
    public Precision Precision { get; init; } = Precision.Fp32;

    [Comment("Folder of the base model (Hugging Face layout), or the word world for the embedded tiny one.")]
    [RecipePath("world")]
    [Decides(StagePart.Given)]
    public string Model { get; init; } = "world";

    [Comment("Chat template in place of the model's own: chatml, llama3, zephyr, mistral, gemma, alpaca, vicuna, or a .jinja file.")]
    [RecipePath("", "chatml", "llama3", "zephyr", "mistral", "gemma", "alpaca", "vicuna")]
    [Decides(StagePart.Given)]
    public string Template { get; init; } = "";

    [Comment("Licence of the released model as hubs name it, such as apache-2.0 or llama3; empty = the model card states none.")]
    [RegularExpression("[A-Za-z0-9.-]{0,64}", ErrorMessage = "letters, digits, '.' and '-'")]
    [DoesNotChangeResult]
    public string License { get; init; } = "";

    [Comment("What the model learns from.")]
    public DataOptions Data { get; init; } = new();

    [Comment("A LoRA adapter in place of training all weights.")]
    public AdapterOptions Adapter { get; init; } = new();

    [Comment("Stage 1, supervised fine-tuning of the base model.")]
    public SftOptions Sft { get; init; } = new();

    [Comment("Stage 2, the Bradley-Terry reward model.")]
    public RewardOptions Reward { get; init; } = new();

    [Comment("Stage 3, offline DPO on the given preferences: the baseline.")]
    public OfflineDpoOptions OfflineDpo { get; init; } = new();

    [Comment("How answers to learn from are sampled.")]
    public SamplerOptions Sampling { get; init; } = new();

    [Comment("Stage 4, online iterative DPO.")]
    public OnlineOptions Online { get; init; } = new();

    [Comment("Stage 5, evaluation on the test prompts.")]
    public EvaluationOptions Evaluation { get; init; } = new();

    [Comment("Addresses of inference servers that sample and score in place of this process, such as http://10.0.0.5:8000 (vLLM, SGLang, "
        + "hone serve); their key is taken from HONE_WORKER_KEY. Empty = compute here.")]
    [DoesNotChangeResult]
    public IReadOnlyList<string> Workers { get; init; } = [];

    [Comment("How they are asked.")]
    public WorkerOptions Worker { get; init; } = new();

    [Comment("Training by several processes.")]
    public RankOptions Ranks { get; init; } = new();

    [Comment("What is kept on disk.")]
    public SaveOptions Save { get; init; } = new();

    [Comment("The run's report.")]
    public ReportOptions Report { get; init; } = new();
}
