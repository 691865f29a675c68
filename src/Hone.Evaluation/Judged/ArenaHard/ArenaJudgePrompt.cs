using Hone.Data;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hone.Evaluation;

/// <summary>What Arena-Hard's judge is told: a system message, and the question with two answers.</summary>
internal sealed record ArenaJudgePrompt(string System, PromptTemplate User)
{
    /// <summary>
    /// Reads Arena-Hard's <c>judge_config.yaml</c> of 2024 (system_prompt, prompt_template); today's files leave the
    /// system message to the code.
    /// </summary>
    /// <exception cref="InputException">The file is no such YAML.</exception>
    public static ArenaJudgePrompt Load(string path)
    {
        if (!File.Exists(path))
            throw new InputException("the judge's settings are missing", path, "Give Arena-Hard's judge_config.yaml of 2024.");
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(SmallText.Read(path)));
        }
        catch (YamlException e)
        {
            throw new InputException($"the judge's settings are no YAML: {e.Message}", $"{path}:{e.Start.Line}", inner: e);
        }
        YamlMappingNode root = yaml.Documents.Count > 0 && yaml.Documents[0].RootNode is YamlMappingNode map ? map
            : throw new InputException("the judge's settings are no YAML mapping", path);
        string Value(string key) => root.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) ? node switch
        {
            YamlScalarNode { Value: { Length: > 0 } text } => text,
            YamlSequenceNode { Children: [YamlScalarNode { Value: { Length: > 0 } text }] } => text,
            _ => throw new InputException($"`{key}` is not one text", path),
        }
        : throw new InputException($"the judge's settings have no `{key}`", path,
            "Give Arena-Hard's judge_config.yaml of 2024, which has both the system prompt and the template.");
        return new ArenaJudgePrompt(Value("system_prompt"), new PromptTemplate(Value("prompt_template")));
    }

    /// <summary>The user's message, under the names of either version.</summary>
    public string Fill(string question, string answerA, string answerB) => User.Fill(new Dictionary<string, string>
    {
        ["question_1"] = question,
        ["answer_1"] = answerA,
        ["answer_2"] = answerB,
        ["QUESTION"] = question,
        ["ANSWER_A"] = answerA,
        ["ANSWER_B"] = answerB,
    });
}
