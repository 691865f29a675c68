using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>Models without a chat template, and templates by name.</summary>
public sealed class TemplateTests : StageTest
{
    /// <summary>The tiny model as a base model comes: without a chat template.</summary>
    private string Base
    {
        get
        {
            string folder = Model;
            File.Delete(Path.Combine(folder, "chat_template.jinja"));
            return folder;
        }
    }

    private string[] Sft(string output, params string[] more) =>
        ["sft", "--model", Base, "--data", Rows.Conversations(At("sft.jsonl")), "--output", At(output), .. Short("sft"), .. more];

    /// <summary>Roles and turns were lost without a word: messages were joined by a space.</summary>
    [Fact]
    public void Conversations_are_not_joined_by_a_space_in_silence()
    {
        string error = Command.Refused(Sft("out"));
        Assert.Contains("no chat template", error, StringComparison.Ordinal);
        Assert.Contains("--template", error, StringComparison.Ordinal);
        Assert.Contains("zephyr", error, StringComparison.Ordinal);
        Assert.DoesNotContain("llama3", error, StringComparison.Ordinal); // whose tokens the model lacks
        Assert.False(Path.Exists(At("out.training")));
    }

    [Fact]
    public void A_template_by_name_is_trained_with_and_released()
    {
        Command.Done(Sft("out", "--template", "zephyr"));
        string released = File.ReadAllText(At("out/chat_template.jinja"));
        Assert.Contains("raise_exception('only the roles system", released, StringComparison.Ordinal);
        Result chat = Command.Done("chat", At("out"), "--prompt", "Hello", "--max-new-tokens", "2", "--device", "cpu");
        Assert.Empty(chat.Error);
        Assert.Contains("template: zephyr", File.ReadAllText(At("out/training/recipe.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_of_a_file_takes_the_place_of_the_models_own()
    {
        File.WriteAllText(At("own.jinja"), "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}");
        JsonNode row = JsonNode.Parse(Command.Type("""{"messages": [{"role": "user", "content": "Hello"}]}""",
            "render", "--model", Model, "--template", At("own.jinja")).Out)!;
        Assert.Equal("[user] Hello\n", (string?)row["text"]);
    }

    [Fact]
    public void A_format_whose_tokens_the_model_lacks_is_refused_by_name()
    {
        string error = Command.Refused("chat", Model, "--template", "llama3", "--prompt", "Hello");
        Assert.Contains("<|start_header_id|>", error, StringComparison.Ordinal);
        Assert.Contains("zephyr", error, StringComparison.Ordinal);
        Assert.Contains("there is no chat template nonsense",
            Command.Refused("chat", Model, "--template", "nonsense", "--prompt", "Hello"), StringComparison.Ordinal);
    }

    /// <summary>A token that ends a turn of the template and is not the model's end token ends answers, too.</summary>
    [Fact]
    public void The_end_of_a_turn_ends_an_answer()
    {
        File.WriteAllText(At("own.jinja"), "{% for m in messages %}<|user|>{{ m.content }}<|pad|>{% endfor %}"
            + "{% if add_generation_prompt %}<|user|>{% endif %}");
        string folder = Hone.Inference.ModelPath.Folder(Model, At("own.jinja"), _ => { });
        int pad = (int)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!["pad_token_id"]!;
        int[] stops = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "generation_config.json")))!["eos_token_id"]!.AsArray()
            .Select(id => (int)id!)];
        Assert.Contains(pad, stops);
        Assert.Equal(2, stops.Length);
    }

    [Fact]
    public void Pairs_on_plain_text_are_said_to_be_so_once()
    {
        Result done = Command.Done(["dpo", "--model", Base, "--data", Rows.Preferences(At("pairs.jsonl")), "--output", At("out"),
            .. Short("offline_dpo")]);
        Assert.Single(done.Error.Split('\n'), line => line.Contains("--template NAME", StringComparison.Ordinal));
    }

    [Fact]
    public void An_adapter_trained_with_a_template_names_the_base_and_not_a_cache()
    {
        Command.Done(Sft("out", "--template", "zephyr", "--set", "adapter.rank=2"));
        JsonNode adapter = JsonNode.Parse(File.ReadAllText(At("out/adapter_config.json")))!;
        Assert.Equal(Path.GetFullPath(Model), (string?)adapter["base_model_name_or_path"]);
    }

    [Fact]
    public void A_fitted_recipe_names_a_template_that_fits()
    {
        string recipe = Command.Done("recipe", "init", "--model", Base, "--data", Rows.Conversations(At("sft.jsonl"))).Out;
        Assert.Contains("template: zephyr", recipe, StringComparison.Ordinal);
    }
}
