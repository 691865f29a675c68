using System.Text;
using Hone.Models;

namespace Hone.Workflow;

/// <summary>Writes a text file durably: a reader sees the old one or the new one, never half of it.</summary>
internal static class AtomicText
{
    public static void Write(string path, string text) =>
        Durable.WriteFile(path, stream => stream.Write(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text)));
}
