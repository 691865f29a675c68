#!/usr/bin/env bash
# Exports models as GGUF and runs them in llama.cpp: greedy text of every family against the published continuations,
# quantised tensors against llama-quantize, and the mean KL divergence per token of Q8_0 and Q4_0 against F32.
# Usage: eng/gguf-check.sh LLAMA_CPP_BIN_DIR [MODEL_FOLDER...]
#   LLAMA_CPP_BIN_DIR  holds llama-completion, llama-quantize, llama-tokenize and llama-perplexity
#   MODEL_FOLDER       models for the table; default: tiny ones under shared/data
# TEXT=FILE sets the text of the table, CONTEXT=N the length of its pieces.
set -euo pipefail
bin=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
data=../shared/data
[ -d "$data" ] || data=../../shared/data
models=("$@")
if [ ${#models[@]} -eq 0 ]; then
  for name in stories260K-hf aidreams260K-hf tiny-qwen2 tiny-qwen3 tiny-qwen3-moe tiny-mistral-nemo tiny-smollm3 tiny-olmo2 tiny-phi4-mini tiny-gemma2 tiny-gemma3; do
    models+=("$data/models/$name")
  done
fi
text=${TEXT:-$data/corpora/tinystories_sample.txt}
context=${CONTEXT:-128}
export LD_LIBRARY_PATH=$bin${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

dotnet build -c Release src/Hone.Cli -v quiet
HONE_LLAMA_CPP=$bin dotnet test -c Release --project test/Hone.Cli.Tests --filter-class "*LlamaCppTests"

hone=src/Hone.Cli/bin/Release/net10.0/hone.dll
export OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "| model | bytes F32 | Q8_0: bytes | mean KL | same top token | Q4_0: bytes | mean KL | same top token |"
echo "|---|--:|--:|--:|--:|--:|--:|--:|"
for model in "${models[@]}"; do
  row="| $(basename "$model")"
  for type in F32 Q8_0 Q4_0; do
    file=$work/$type/model.gguf
    dotnet "$hone" export "$model" --gguf "$type" --output "$file" > /dev/null 2>&1
    row+=" | $(stat -c %s "$file")"
    if [ "$type" = F32 ]; then
      "$bin/llama-perplexity" -m "$file" -f "$text" -c "$context" --kl-divergence-base "$work/base" > /dev/null 2>&1
    else
      for _ in 1 2 3 4 5 6 7 8; do # the thread that prints sometimes ends before all is printed
        "$bin/llama-perplexity" -m "$file" -f "$text" -c "$context" --kl-divergence-base "$work/base" --kl-divergence > "$work/log" 2> /dev/null
        if grep -q "Mean *KLD:" "$work/log" && grep -q "^Same top p:" "$work/log"; then break; fi
      done
      row+=" | $(awk '/Mean +KLD:/ { printf "%.6f", $3 }' "$work/log") | $(awk '/^Same top p:/ { printf "%.1f %%", $4 }' "$work/log")"
    fi
  done
  echo "$row |"
  rm -rf "${work:?}"/*
done
