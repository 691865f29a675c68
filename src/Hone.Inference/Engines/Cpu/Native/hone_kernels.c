// Panels of 16 rows of 8-bit and 4-bit weights times activations in bytes, with the 512-bit dot products (AVX-512 VNNI) that .NET 10
// has no name for. Int8Kernel.cs and Int4Kernel.cs say what is computed and how it lies in memory; results are the same to the bit.
#include <immintrin.h>
#include <stdint.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define WORDS 10 // of a block of one row of activations: 8 of bytes, the scale, the correction
#define TILE 8   // rows of activations whose blocks lie side by side

int hone_has_vnni(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni");
}

TARGET static inline __m512 scales_of(const uint16_t* scales)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)scales)), 16));
}

// One function for all tiles of `panels` neighbouring panels (0 < panels <= 2) and `rows` rows of activations (<= 8): both are constants
// where it is called, so that loops are unrolled and sums of a block lie in registers. A number of an activation is brought into a
// register once for both panels: as an operand in memory it holds the dot product up.
#define UNROLL _Pragma("GCC unroll 8")
#define ALWAYS __attribute__((always_inline)) TARGET static inline

ALWAYS void start(const int panels, const int rows, const int32_t* x, __m512i* sums)
{
    UNROLL for (int r = 0; r < rows; r++)
    {
        const __m512i correction = _mm512_set1_epi32(x[r * WORDS + 9]);
        UNROLL for (int p = 0; p < panels; p++) sums[p * TILE + r] = correction;
    }
}

ALWAYS void dot(const int panels, const int rows, const __m512i* lines, const int32_t* x, __m512i* sums)
{
    UNROLL for (int r = 0; r < rows; r++)
    {
        const __m512i four = _mm512_set1_epi32(x[r * WORDS]);
        UNROLL for (int p = 0; p < panels; p++) sums[p * TILE + r] = _mm512_dpbusd_epi32(sums[p * TILE + r], lines[p], four);
    }
}

// Adds a block's sums to the totals, which lie in memory: with the sums they would be more than there are registers.
ALWAYS void scale(
    const int panels, const int rows, const uint8_t* scales, int64_t panel_bytes, const int32_t* x, const __m512i* sums, float* totals)
{
    __m512 own[2];
    UNROLL for (int p = 0; p < panels; p++) own[p] = scales_of((const uint16_t*)(scales + p * panel_bytes));
    UNROLL for (int r = 0; r < rows; r++)
    {
        const __m512 theirs = _mm512_set1_ps(*(const float*)(x + r * WORDS + 8));
        UNROLL for (int p = 0; p < panels; p++)
        {
            float* total = totals + (p * TILE + r) * 16;
            const __m512 sum = _mm512_cvtepi32_ps(sums[p * TILE + r]);
            _mm512_store_ps(total, _mm512_fmadd_ps(sum, _mm512_mul_ps(own[p], theirs), _mm512_load_ps(total)));
        }
    }
}

ALWAYS __m512i line_of(const uint8_t* at)
{
    _mm_prefetch((const char*)(at + 4096), _MM_HINT_T0);
    return _mm512_load_si512((const void*)at);
}

ALWAYS void tile(
    const int bits, const int panels, const int rows,
    const uint8_t* panel, int64_t panel_bytes, int blocks, const int32_t* x, float* to, int64_t to_stride)
{
    const int block_bytes = bits == 8 ? 512 : 256;
    const uint8_t* scales = panel + (int64_t)blocks * block_bytes;
    _Alignas(64) float totals[2 * TILE * 16];
    __m512i sums[2 * TILE], lines[2], high[2];
    UNROLL for (int p = 0; p < panels; p++)
        UNROLL for (int r = 0; r < rows; r++) _mm512_store_ps(totals + (p * TILE + r) * 16, _mm512_setzero_ps());
    for (int b = 0; b < blocks; b++, panel += block_bytes, scales += 32, x += TILE * WORDS)
    {
        start(panels, rows, x, sums);
        if (bits == 8)
        {
            UNROLL for (int g = 0; g < 8; g++)
            {
                UNROLL for (int p = 0; p < panels; p++) lines[p] = line_of(panel + p * panel_bytes + 64 * g);
                dot(panels, rows, lines, x + g, sums);
            }
        }
        else
        {
            const __m512i low = _mm512_set1_epi8(15);
            UNROLL for (int g = 0; g < 4; g++)
            {
                UNROLL for (int p = 0; p < panels; p++)
                {
                    const __m512i line = line_of(panel + p * panel_bytes + 64 * g);
                    lines[p] = _mm512_and_si512(line, low);
                    high[p] = _mm512_and_si512(_mm512_srli_epi32(line, 4), low);
                }
                dot(panels, rows, lines, x + g, sums);
                dot(panels, rows, high, x + g + 4, sums);
            }
        }
        scale(panels, rows, scales, panel_bytes, x, sums, totals);
    }
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int p = 0; p < panels; p++)
            _mm512_storeu_ps(to + r * to_stride + p * 16, _mm512_load_ps(totals + (p * TILE + r) * 16));
}

// All rows of activations, the last ones in pieces of 4, 2 and 1.
#define ROWS(name, bits, panels) \
    TARGET static void name( \
        const uint8_t* panel, int64_t panel_bytes, int blocks, const int32_t* x, int rows, float* to, int64_t to_stride) \
    { \
        for (; rows >= TILE; rows -= TILE, x += (int64_t)blocks * TILE * WORDS, to += TILE * to_stride) \
            tile(bits, panels, TILE, panel, panel_bytes, blocks, x, to, to_stride); \
        if (rows & 4) { tile(bits, panels, 4, panel, panel_bytes, blocks, x, to, to_stride); x += 4 * WORDS; to += 4 * to_stride; } \
        if (rows & 2) { tile(bits, panels, 2, panel, panel_bytes, blocks, x, to, to_stride); x += 2 * WORDS; to += 2 * to_stride; } \
        if (rows & 1) tile(bits, panels, 1, panel, panel_bytes, blocks, x, to, to_stride); \
    }

ROWS(int8_one, 8, 1)
ROWS(int8_two, 8, 2)
ROWS(int4_one, 4, 1)
ROWS(int4_two, 4, 2)

// Neighbouring panels, two by two; scales follow a panel's lines.
#define PANELS(name, bits) \
    TARGET void name( \
        const uint8_t* panel, int64_t panel_bytes, int panels, int blocks, const int32_t* x, int rows, float* to, int64_t to_stride) \
    { \
        for (; panels >= 2; panels -= 2, panel += 2 * panel_bytes, to += 32) \
            bits##_two(panel, panel_bytes, blocks, x, rows, to, to_stride); \
        if (panels) bits##_one(panel, panel_bytes, blocks, x, rows, to, to_stride); \
    }

PANELS(hone_int8, int8)
PANELS(hone_int4, int4)
