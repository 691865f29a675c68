using Hone.Data;
using Hone.Runs;
using Hone.Training;

namespace Hone.Cli;

/// <summary>
/// Runs a verb and turns what went wrong into a message and an exit code: 0 done, 1 failed, 2 wrong input, 130 interrupted.
/// </summary>
internal static class Exit
{
    public static int Code(Streams io, bool verbose, Func<int> verb)
    {
        try
        {
            return verb();
        }
        catch (InputException e)
        {
            return Report(e, 2);
        }
        catch (TrainingException e)
        {
            return Report(e, 1);
        }
        catch (RankLostException e)
        {
            Report(e, 1);
            if (io.GoOn is { } command) io.Error.WriteLine($"  What was saved is kept. Go on with:\n  {command}");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e, 1);
            io.Error.WriteLine($"  {FileAdvice.For(e)}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            io.Error.WriteLine(io.GoOn is { } command
                ? $"interrupted; what was done is saved. Go on with:\n  {command}"
                : "interrupted");
            return StopSignal.ExitCode;
        }
        catch (Exception e) when (!verbose)
        {
            io.Error.WriteLine($"error: {e.GetType().Name}: {e.Message}\n  This is a fault of Hone's. --verbose shows where.");
            return 1;
        }

        int Report(Exception e, int code)
        {
            io.Error.WriteLine($"error: {(verbose ? e.ToString() : e.Message)}");
            return code;
        }
    }
}
