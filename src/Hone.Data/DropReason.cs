namespace Hone.Data;

/// <summary>The names under which a <see cref="DataReport"/> counts rows.</summary>
public static class DropReason
{
    /// <summary>An assistant answer has no text.</summary>
    public const string EmptyAnswer = "empty_answer";

    /// <summary>The prompt has no text, or no message.</summary>
    public const string EmptyPrompt = "empty_prompt";

    /// <summary>A conversation in which the assistant says nothing.</summary>
    public const string NoAssistantTurn = "no_assistant_turn";

    /// <summary>Both answers are the same, white space at the ends aside.</summary>
    public const string ChosenEqualsRejected = "chosen_equals_rejected";

    /// <summary>The conversations that lead to the two answers are not the same.</summary>
    public const string PromptsDiffer = "prompts_differ";

    /// <summary>The prompt is longer than the limit.</summary>
    public const string PromptTooLong = "prompt_too_long";

    /// <summary>Prompt and answer together are longer than the limit.</summary>
    public const string TooLong = "too_long";

    /// <summary>Nothing of the example would be learnt.</summary>
    public const string NoLossTokens = "no_loss_tokens";

    /// <summary>Changed: the start of the prompt was cut off.</summary>
    public const string PromptStartCut = "prompt_start_cut";

    /// <summary>Changed: the first token (BOS) was cut off with the start of the prompt.</summary>
    public const string BosCut = "bos_cut";

    /// <summary>Changed: the end of an answer was cut off, and its end-of-turn token with it.</summary>
    public const string AnswerEndCut = "answer_end_cut";

    /// <summary>Changed: an answer at the end of a prompt row was left out.</summary>
    public const string AnswerLeftOut = "answer_left_out";

    /// <summary>Changed: the template renders an answer otherwise than it was given, so it is context and not learnt.</summary>
    public const string AnswerRewritten = "answer_rewritten_by_template";

    /// <summary>Changed: the row's <c>prompt</c> column says something else than its messages; the messages were taken.</summary>
    public const string PromptColumnDiffers = "prompt_column_differs";

    /// <summary>The prompt is already there.</summary>
    public const string DuplicatePrompt = "duplicate_prompt";

    /// <summary>Best and worst answer have the same reward.</summary>
    public const string Tie = "tie";

    /// <summary>The two answers of the pair are the same tokens although their rewards differ.</summary>
    public const string IdenticalAnswers = "identical_answers";

    /// <summary>Fewer than two answers to choose from.</summary>
    public const string TooFewAnswers = "too_few_answers";

    /// <summary>Changed: an answer that ran out of tokens was not considered for the pair. Counts answers.</summary>
    public const string UnfinishedExcluded = "unfinished_excluded";

    /// <summary>A filter of the recipe did not let the row through.</summary>
    public const string Filtered = "filtered";

    /// <summary>Both answers of the pair have the same score.</summary>
    public const string EqualScores = "equal_scores";

    /// <summary>The scores of the pair lie closer together than the recipe asks for.</summary>
    public const string MarginTooSmall = "margin_too_small";

    /// <summary>The better score is less than the asked multiple of the worse.</summary>
    public const string ScoreRatioTooSmall = "score_ratio_too_small";

    /// <summary>The prompt has had its share of pairs.</summary>
    public const string TooManyPairsOfPrompt = "too_many_pairs_of_prompt";

    /// <summary>The turns do not alternate between user and assistant, or one is empty.</summary>
    public const string TurnsNotAlternating = "turns_not_alternating";

    /// <summary>An answer that the file itself labels as bad (KTO's <c>label: false</c>) is nothing to imitate.</summary>
    public const string LabelledBad = "labelled_bad";

    /// <summary>A labelled answer to whose prompt no answer with the other label is left.</summary>
    public const string NoCounterpart = "no_counterpart";
}
