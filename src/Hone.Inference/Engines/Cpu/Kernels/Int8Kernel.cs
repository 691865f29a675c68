using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// A panel of 16 rows of 8-bit weights times activations in shorts (<see cref="BlockQuantizer.ToShorts"/>). Each lane is a row of
/// weights: a line of 64 bytes, widened, meets one pair of activations in all lanes, so that nothing is added across lanes. Sums of
/// a block are exact; blocks are added in order, whatever the number of rows.
/// </summary>
internal static unsafe class Int8Kernel<TLanes, TFloat, TWord>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
{
    private const int Line = PackedMatrix.PanelRows, Block = BlockQuantizer.ShortsBlock, Tile = Activations.TileRows * Block;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(int* panel, ushort* panelScales, int blocks, int* x, float* to)
    {
        TWord low = TLanes.Broadcast(0x00FF00FF);
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane, a = x;
            ushort* scales = panelScales + lane;
            TFloat r0 = TLanes.Broadcast(0f);
            for (int block = 0; block < blocks; block++)
            {
                TWord even = TLanes.Broadcast(a[17]), odd = TLanes.Broadcast(0);
                for (int g = 0; g < 8; g++, w += Line)
                {
                    TWord line = TLanes.LoadWords(w);
                    even = TLanes.Add(even, TLanes.DotShorts(TLanes.And(line, low), TLanes.Broadcast(a[g])));
                    odd = TLanes.Add(odd, TLanes.DotShorts(TLanes.And(TLanes.ShiftRight(line, 8), low), TLanes.Broadcast(a[g + 8])));
                }
                r0 = Scaled(TLanes.Add(even, odd), TLanes.LoadBrain(scales), a, r0);
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
        TWord low = TLanes.Broadcast(0x00FF00FF);
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane, a = x, b = a + Block, c = b + Block, d = c + Block;
            ushort* scales = panelScales + lane;
            TFloat r0 = TLanes.Broadcast(0f), r1 = r0, r2 = r0, r3 = r0;
            for (int block = 0; block < blocks; block++)
            {
                TWord s0 = TLanes.Broadcast(a[17]), s1 = TLanes.Broadcast(b[17]);
                TWord s2 = TLanes.Broadcast(c[17]), s3 = TLanes.Broadcast(d[17]);
                for (int g = 0; g < 8; g++, w += Line)
                {
                    TWord line = TLanes.LoadWords(w);
                    TWord even = TLanes.And(line, low), odd = TLanes.And(TLanes.ShiftRight(line, 8), low);
                    s0 = TLanes.Add(s0, TLanes.DotShorts(even, TLanes.Broadcast(a[g])));
                    s1 = TLanes.Add(s1, TLanes.DotShorts(even, TLanes.Broadcast(b[g])));
                    s2 = TLanes.Add(s2, TLanes.DotShorts(even, TLanes.Broadcast(c[g])));
                    s3 = TLanes.Add(s3, TLanes.DotShorts(even, TLanes.Broadcast(d[g])));
                    s0 = TLanes.Add(s0, TLanes.DotShorts(odd, TLanes.Broadcast(a[g + 8])));
                    s1 = TLanes.Add(s1, TLanes.DotShorts(odd, TLanes.Broadcast(b[g + 8])));
                    s2 = TLanes.Add(s2, TLanes.DotShorts(odd, TLanes.Broadcast(c[g + 8])));
                    s3 = TLanes.Add(s3, TLanes.DotShorts(odd, TLanes.Broadcast(d[g + 8])));
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
    private static TFloat Scaled(TWord sum, TFloat scale, int* activations, TFloat total) =>
        TLanes.MultiplyAdd(TLanes.ToFloat(sum), TLanes.Multiply(scale, TLanes.Broadcast(*(float*)(activations + 16))), total);
}
