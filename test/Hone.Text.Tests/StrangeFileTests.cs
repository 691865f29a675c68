using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Text.Tests;

/// <summary>Files of a model folder that are no regular files, or hold no text: a message for people, at once.</summary>
public sealed class StrangeFileTests
{
    private static readonly string[] s_files = [
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"];

    public static TheoryData<string, string> Strange => new MatrixTheoryData<string, string>(
        s_files, ["fifo", "link to a device", "folder", "link to nothing", "empty", "UTF-16", "bytes", "LFS pointer", "too large"]);

    [Theory]
    [MemberData(nameof(Strange))]
    public void Is_refused_at_once(string file, string what)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the files are those of Unix");
        using TempFolder folder = new();
        if (file != "tokenizer.model") TinyTokenizer.Write(folder, TinyTokenizer.Json());
        if (file != "chat_template.jinja") File.WriteAllText(folder.File("chat_template.jinja"), TinyTokenizer.ChatMl);
        string path = folder.File(file);
        File.Delete(path);
        Make(what, path);
        Stopwatch watch = Stopwatch.StartNew();
        // A folder is no file, and these two need not be there.
        bool absent = what == "folder" && (file is "tokenizer_config.json" or "special_tokens_map.json");
        Exception? error = Record.Exception(() => ChatFormat.Load(folder.Path));
        if (absent) Assert.Null(error);
        else Assert.IsType<InputException>(error);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A_link_to_a_file_is_read_as_the_hubs_cache_has_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        using TempFolder folder = new();
        File.WriteAllText(folder.File("blob"), TinyTokenizer.Json().ToJsonString());
        File.CreateSymbolicLink(folder.File("tokenizer.json"), "blob");
        Assert.NotEmpty(Tokenizer.Load(folder.Path).Encode("x"));
    }

    [Fact]
    public void A_broken_text_says_what_it_is()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("a.jinja"), [.. "x"u8, 0xFF]);
        Assert.Contains(
            "not valid UTF-8", Assert.Throws<InputException>(() => ChatTemplate.LoadFile(folder.File("a.jinja"))).Message,
            StringComparison.Ordinal);
        File.WriteAllText(folder.File("b.jinja"), "{{ 1 }}", Encoding.Unicode);
        Assert.Contains(
            "UTF-16", Assert.Throws<InputException>(() => ChatTemplate.LoadFile(folder.File("b.jinja"))).Message, StringComparison.Ordinal);
    }

    /// <summary>transformers 5 lets the switches of tokenizer_config.json decide, whatever the post-processor says.</summary>
    [Theory]
    [InlineData("{\"add_bos_token\": false}", new[] { 5 })]
    [InlineData("{\"add_bos_token\": true}", new[] { 256, 5 })]
    [InlineData("{\"add_eos_token\": true}", new[] { 256, 5, 257 })]
    [InlineData("{\"add_bos_token\": false, \"add_eos_token\": true}", new[] { 5, 257 })]
    [InlineData("{\"add_bos_token\": null}", new[] { 256, 5 })]
    [InlineData("{\"add_eos_token\": true, \"eos_token\": null}", new[] { 256, 5 })]
    public void The_switches_for_bos_and_eos_decide(string config, int[] ids)
    {
        using TempFolder folder = new();
        JsonObject fields = new() { ["bos_token"] = "<|bos|>", ["eos_token"] = "<|eos|>" };
        foreach ((string name, JsonNode? value) in JsonNode.Parse(config)!.AsObject()) fields[name] = value?.DeepClone();
        File.WriteAllText(folder.File("tokenizer.json"), TinyTokenizer.Json().ToJsonString());
        File.WriteAllText(folder.File("tokenizer_config.json"), fields.ToJsonString());
        Assert.Equal(ids, Tokenizer.Load(folder.Path).Encode("\x05", addSpecial: true));
    }

    [Theory]
    [InlineData("""{"extra_special_tokens": ["<think>"]}""")]
    [InlineData("""{"extra_special_tokens": {"think_token": "<think>"}}""")]
    [InlineData("""{"additional_special_tokens": ["<think>"]}""")]
    public void Further_special_tokens_are_named_as_either_version_names_them(string config)
    {
        using TempFolder folder = new();
        JsonObject json = TinyTokenizer.Json();
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 300, ["content"] = "<think>", ["special"] = false });
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        File.WriteAllText(folder.File("tokenizer_config.json"), config);
        Assert.Contains(300, Tokenizer.Load(folder.Path).SpecialIds);
    }

    private static void Make(string what, string path)
    {
        switch (what)
        {
            case "fifo":
                using (Process make = Process.Start("mkfifo", [path])) make.WaitForExit();
                break;
            case "link to a device":
                File.CreateSymbolicLink(path, "/dev/zero");
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "link to nothing":
                File.CreateSymbolicLink(path, "nowhere");
                break;
            case "empty":
                File.WriteAllText(path, "");
                break;
            case "UTF-16":
                File.WriteAllText(path, "{}", Encoding.Unicode);
                break;
            case "bytes":
                File.WriteAllBytes(path, [0x7B, 0xC3, 0x28, 0x7D]);
                break;
            case "LFS pointer":
                File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
                break;
            default:
                using (FileStream sparse = File.Create(path)) sparse.SetLength(1L << 33);
                break;
        }
    }
}
