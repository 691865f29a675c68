using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hone.Evaluation;

/// <summary>
/// The kernel calls that shut-in code is refused, as a seccomp program (classic BPF, linux/seccomp.h): what reaches into other
/// processes, makes new namespaces, mounts, or takes memory that no limit counts. They fail with EPERM, others go through.
/// </summary>
internal static class SyscallFilter
{
    // linux/bpf_common.h: load a word of the call; jump if equal, if at least, if a bit is set; return.
    private const ushort Load = 0x20, Equal = 0x15, AtLeast = 0x35, AnyBit = 0x45, Return = 0x06;
    private const uint Allow = 0x7fff0000, Fail = 0x00050000, Kill = 0x80000000;
    private const uint NumberAt = 0, ArchitectureAt = 4, FirstArgumentAt = 16;
    private const uint NotPermitted = 1, NotThere = 38, NoSuchFamily = 97;

    // Any of CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET.
    private const uint NewNamespace = 0x7e020000;

    // The second table of calls of x86-64, which would get past the numbers below.
    private const uint X32 = 0x40000000;

    // unix, inet, inet6. The network is a namespace of its own; others, vsock among them, may lead out of it.
    private static readonly uint[] s_families = [1, 2, 10];

    /// <param name="Audit">linux/audit.h's name of the architecture.</param>
    private sealed record Numbers(uint Audit, uint CloneCall, uint SocketCall, uint[] Refused);

    // The same on both: io_uring_*, open_tree, move_mount, fs*, pidfd_getfd, mount_setattr, memfd_secret.
    private static readonly uint[] s_common = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 447];

    // ptrace, process_vm_readv and writev, unshare, setns, add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd,
    // shmget, shmat, semget, msgget, mq_open, memfd_create, mount, umount2, pivot_root, name_to_handle_at, open_by_handle_at.
    private static readonly Dictionary<Architecture, Numbers> s_numbers = new()
    {
        [Architecture.X64] = new(0xc000003e, 56, 41,
            [101, 310, 311, 272, 308, 248, 249, 250, 321, 298, 323, 29, 30, 64, 68, 240, 319, 165, 166, 155, 303, 304, .. s_common]),
        [Architecture.Arm64] = new(0xc00000b7, 220, 198,
            [117, 270, 271, 97, 268, 217, 218, 219, 280, 241, 282, 194, 196, 190, 186, 180, 279, 40, 39, 41, 264, 265, .. s_common]),
    };

    /// <summary>Whether the calls of this machine's processor are known.</summary>
    public static bool IsKnown => s_numbers.ContainsKey(RuntimeInformation.ProcessArchitecture);

    private static readonly Lazy<string> s_file = new(() =>
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, Program(RuntimeInformation.ProcessArchitecture));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(path);
        return path;
    });

    /// <summary>A file with the program, for as long as this process lives.</summary>
    public static string FilePath => s_file.Value;

    internal static byte[] Program(Architecture architecture)
    {
        Numbers numbers = s_numbers[architecture];
        var steps = new List<(ushort Code, byte Yes, byte No, uint Value)>
        {
            (Load, 0, 0, ArchitectureAt), (Equal, 1, 0, numbers.Audit), (Return, 0, 0, Kill),
            (Load, 0, 0, NumberAt), (AtLeast, 0, 1, X32), (Return, 0, 0, Fail | NotPermitted),
        };
        foreach (uint number in numbers.Refused) steps.AddRange([(Equal, 0, 1, number), (Return, 0, 0, Fail | NotPermitted)]);
        // clone3 hides its flags in memory; where it is not there, libraries take clone.
        steps.AddRange([(Equal, 0, 1, 435), (Return, 0, 0, Fail | NotThere)]);
        steps.AddRange([(Equal, 0, 4, numbers.CloneCall), (Load, 0, 0, FirstArgumentAt), (AnyBit, 0, 1, NewNamespace),
            (Return, 0, 0, Fail | NotPermitted), (Return, 0, 0, Allow)]);
        steps.AddRange([(Equal, 0, (byte)(s_families.Length + 2), numbers.SocketCall), (Load, 0, 0, FirstArgumentAt)]);
        for (int i = 0; i < s_families.Length; i++) steps.Add((Equal, (byte)(s_families.Length - i), 0, s_families[i]));
        steps.AddRange([(Return, 0, 0, Fail | NoSuchFamily), (Return, 0, 0, Allow)]);

        byte[] program = new byte[steps.Count * 8];
        for (int i = 0; i < steps.Count; i++)
        {
            Span<byte> step = program.AsSpan(i * 8, 8);
            BinaryPrimitives.WriteUInt16LittleEndian(step, steps[i].Code);
            (step[2], step[3]) = (steps[i].Yes, steps[i].No);
            BinaryPrimitives.WriteUInt32LittleEndian(step[4..], steps[i].Value);
        }
        return program;
    }
}
