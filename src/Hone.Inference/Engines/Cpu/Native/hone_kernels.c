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

#define EACH1(DO) DO(0)
#define EACH2(DO) DO(0) DO(1)
#define EACH4(DO) EACH2(DO) DO(2) DO(3)
#define EACH8(DO) EACH4(DO) DO(4) DO(5) DO(6) DO(7)

#define BEGIN(r) __m512 t##r = _mm512_setzero_ps();
#define START(r) __m512i s##r = _mm512_set1_epi32(x[r * WORDS + 9]);
#define DOT(r) s##r = _mm512_dpbusd_epi32(s##r, line, _mm512_set1_epi32(x[r * WORDS + g]));
#define DOTS(r) \
    s##r = _mm512_dpbusd_epi32(s##r, first, _mm512_set1_epi32(x[r * WORDS + g])); \
    s##r = _mm512_dpbusd_epi32(s##r, second, _mm512_set1_epi32(x[r * WORDS + g + 4]));
#define SCALE(r) \
    t##r = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s##r), _mm512_mul_ps(scale, _mm512_set1_ps(*(const float*)(x + r * WORDS + 8))), t##r);
#define END(r) _mm512_storeu_ps(to + r * to_stride, t##r);

#define INT8(name, EACH) \
    TARGET static void name( \
        const uint8_t* panel, const uint16_t* scales, int blocks, const int32_t* x, float* to, int64_t to_stride) \
    { \
        EACH(BEGIN) \
        for (int b = 0; b < blocks; b++, panel += 512, scales += 16, x += TILE * WORDS) \
        { \
            EACH(START) \
            _Pragma("GCC unroll 8") for (int g = 0; g < 8; g++) \
            { \
                __m512i line = _mm512_load_si512((const void*)(panel + 64 * g)); \
                _mm_prefetch((const char*)(panel + 64 * g + 4096), _MM_HINT_T0); \
                EACH(DOT) \
            } \
            __m512 scale = scales_of(scales); \
            EACH(SCALE) \
        } \
        EACH(END) \
    }

#define INT4(name, EACH) \
    TARGET static void name( \
        const uint8_t* panel, const uint16_t* scales, int blocks, const int32_t* x, float* to, int64_t to_stride) \
    { \
        const __m512i low = _mm512_set1_epi8(15); \
        EACH(BEGIN) \
        for (int b = 0; b < blocks; b++, panel += 256, scales += 16, x += TILE * WORDS) \
        { \
            EACH(START) \
            _Pragma("GCC unroll 4") for (int g = 0; g < 4; g++) \
            { \
                __m512i line = _mm512_load_si512((const void*)(panel + 64 * g)); \
                _mm_prefetch((const char*)(panel + 64 * g + 4096), _MM_HINT_T0); \
                __m512i first = _mm512_and_si512(line, low), second = _mm512_and_si512(_mm512_srli_epi32(line, 4), low); \
                EACH(DOTS) \
            } \
            __m512 scale = scales_of(scales); \
            EACH(SCALE) \
        } \
        EACH(END) \
    }

INT8(int8_1, EACH1)
INT8(int8_2, EACH2)
INT8(int8_4, EACH4)
INT8(int8_8, EACH8)
INT4(int4_1, EACH1)
INT4(int4_2, EACH2)
INT4(int4_4, EACH4)
INT4(int4_8, EACH8)

// A tile's last rows in pieces of 4, 2 and 1.
#define ROWS(name, bits) \
    TARGET void name(const uint8_t* panel, const uint16_t* scales, int blocks, const int32_t* x, int rows, float* to, int64_t to_stride) \
    { \
        for (; rows >= 8; rows -= 8, x += (int64_t)blocks * TILE * WORDS, to += 8 * to_stride) \
            bits##_8(panel, scales, blocks, x, to, to_stride); \
        if (rows & 4) { bits##_4(panel, scales, blocks, x, to, to_stride); x += 4 * WORDS; to += 4 * to_stride; } \
        if (rows & 2) { bits##_2(panel, scales, blocks, x, to, to_stride); x += 2 * WORDS; to += 2 * to_stride; } \
        if (rows & 1) bits##_1(panel, scales, blocks, x, to, to_stride); \
    }

ROWS(hone_int8, int8)
ROWS(hone_int4, int4)
