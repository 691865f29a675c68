using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// A panel of 16 rows of 4-bit weights times activations in bytes (<see cref="BlockQuantizer.ToBytes"/>), arranged as in
/// <see cref="Int8Kernel{TLanes, TFloat, TWord}"/>. A block's products are added in 16 bits, where they have room: 16 times 15 * 127
/// is less than 2^15.
/// </summary>
internal static unsafe class Int4Kernel<TLanes, TFloat, TWord>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
{
    private const int Line = PackedMatrix.PanelRows, Block = BlockQuantizer.BytesBlock, Tile = Activations.TileRows * Block;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(int* panel, ushort* panelScales, int blocks, int* x, float* to)
    {
        TWord low = TLanes.Broadcast(0x0F0F0F0F);
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane, a = x;
            ushort* scales = panelScales + lane;
            TFloat r0 = TLanes.Broadcast(0f);
            for (int block = 0; block < blocks; block++)
            {
                TWord even = TLanes.Broadcast(0), odd = even;
                for (int g = 0; g < 4; g++, w += Line)
                {
                    TWord line = TLanes.LoadWords(w);
                    even = TLanes.AddShorts(even, TLanes.DotBytes(TLanes.And(line, low), TLanes.Broadcast(a[g])));
                    odd = TLanes.AddShorts(odd, TLanes.DotBytes(TLanes.And(TLanes.ShiftRight(line, 4), low), TLanes.Broadcast(a[g + 4])));
                }
                r0 = Scaled(TLanes.AddShorts(even, odd), TLanes.LoadBrain(scales), a, r0);
                scales += Line;
                a += Tile;
            }
            TLanes.Store(r0, to + lane);
        }
    }

    /// <summary>The same for four neighbouring rows of a tile of activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(int* panel, ushort* panelScales, int blocks, int* x, float* to, nint toStride)
    {
        TWord low = TLanes.Broadcast(0x0F0F0F0F);
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane, a = x, b = a + Block, c = b + Block, d = c + Block;
            ushort* scales = panelScales + lane;
            TFloat r0 = TLanes.Broadcast(0f), r1 = r0, r2 = r0, r3 = r0;
            for (int block = 0; block < blocks; block++)
            {
                TWord s0 = TLanes.Broadcast(0), s1 = s0, s2 = s0, s3 = s0;
                for (int g = 0; g < 4; g++, w += Line)
                {
                    TWord line = TLanes.LoadWords(w);
                    TWord even = TLanes.And(line, low), odd = TLanes.And(TLanes.ShiftRight(line, 4), low);
                    s0 = TLanes.AddShorts(s0, TLanes.DotBytes(even, TLanes.Broadcast(a[g])));
                    s1 = TLanes.AddShorts(s1, TLanes.DotBytes(even, TLanes.Broadcast(b[g])));
                    s2 = TLanes.AddShorts(s2, TLanes.DotBytes(even, TLanes.Broadcast(c[g])));
                    s3 = TLanes.AddShorts(s3, TLanes.DotBytes(even, TLanes.Broadcast(d[g])));
                    s0 = TLanes.AddShorts(s0, TLanes.DotBytes(odd, TLanes.Broadcast(a[g + 4])));
                    s1 = TLanes.AddShorts(s1, TLanes.DotBytes(odd, TLanes.Broadcast(b[g + 4])));
                    s2 = TLanes.AddShorts(s2, TLanes.DotBytes(odd, TLanes.Broadcast(c[g + 4])));
                    s3 = TLanes.AddShorts(s3, TLanes.DotBytes(odd, TLanes.Broadcast(d[g + 4])));
                }
                TFloat scale = TLanes.LoadBrain(scales);
                r0 = Scaled(s0, scale, a, r0);
                r1 = Scaled(s1, scale, b, r1);
                r2 = Scaled(s2, scale, c, r2);
                r3 = Scaled(s3, scale, d, r3);
                scales += Line;
                a += Tile;
                b += Tile;
                c += Tile;
                d += Tile;
            }
            float* at = to + lane;
            TLanes.Store(r0, at);
            TLanes.Store(r1, at + toStride);
            TLanes.Store(r2, at + (2 * toStride));
            TLanes.Store(r3, at + (3 * toStride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Scaled(TWord shorts, TFloat scale, int* activations, TFloat total)
    {
        TWord sum = TLanes.Add(TLanes.DotShorts(shorts, TLanes.Broadcast(0x00010001)), TLanes.Broadcast(activations[9]));
        return TLanes.MultiplyAdd(TLanes.ToFloat(sum), TLanes.Multiply(scale, TLanes.Broadcast(*(float*)(activations + 8))), total);
    }
}
