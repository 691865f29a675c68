#!/usr/bin/env bash
# What only a GPU can show, in at most 8 minutes: tiny models trained and sampled on it as on the CPU; at the shape of Llama-3-8B
# steps of SFT, DPO and the reward model with an adapter (tokens a second, share of the measured matrix peak, peak memory), a prompt
# and answers; the same prompt and answers by the machine's own PyTorch; and NCCL: one rank, and sums over all GPUs where there are more.
# Usage: HONE_LIBTORCH=FOLDER eng/gpu-check.sh [--smoke]
#   HONE_LIBTORCH  folder of a libtorch 2.10 with CUDA (docs/decisions/0002-torchsharp-on-debian-12.md)
#   HONE_PYTHON    a Python that has PyTorch; python3 where nothing is said
#   --smoke        the same functions with tiny shapes on the CPU; needs no GPU and measures nothing worth keeping; NCCL is played by
#                  the stub of the tests
# Another part is a function here and a line in `parts`.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=480 device=cuda shape=8b tokens=4096 prompt=2048 rows=(1 64 256)
parts=(training_agrees inference_agrees nccl inference_speed inference_of_pytorch training_steps)
[ "${1:-}" = --smoke ] && device=cpu shape=tiny tokens=256 prompt=256 rows=(1 4)
begun=$SECONDS
failed=0

require_gpu() {
  [ "$device" = cpu ] && return
  command -v nvidia-smi > /dev/null && nvidia-smi -L | grep -q GPU || {
    echo "gpu-check: there is no NVIDIA GPU here (nvidia-smi finds none). eng/gpu-check.sh --smoke runs without one." >&2
    exit 2
  }
  [ -n "${HONE_LIBTORCH:-}" ] || {
    echo "gpu-check: HONE_LIBTORCH must name the folder of a libtorch 2.10 with CUDA; the packaged one computes on the CPU." >&2
    exit 2
  }
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
}

# Runs a command in what is left of the time, and adds the largest memory that the GPU had in use meanwhile.
within() {
  local left=$((limit - (SECONDS - begun))) peak=0 used code=0
  [ $left -gt 0 ] || { echo "gpu-check: the $limit s are over before: $*" >&2; return 1; }
  timeout "$left" "$@" &
  local child=$!
  while kill -0 $child 2> /dev/null; do
    if [ "$device" != cpu ]; then
      used=$(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | head -1)
      [ "$used" -gt $peak ] && peak=$used
    fi
    sleep 0.2
  done
  wait $child || code=$?
  [ "$device" = cpu ] || echo "       peak $peak MiB in use on the GPU"
  return $code
}

bench() { within dotnet "bench/$1/bin/Release/net10.0/$1.dll" "${@:2}"; }

training_agrees() { bench Training check "$device"; }

inference_agrees() { bench Generation check "$device"; }

inference_speed() { bench Generation speed "$device" $shape $prompt "${rows[@]}"; }

inference_of_pytorch() {
  local python=${HONE_PYTHON:-python3}
  "$python" -c 'import torch' 2> /dev/null || { echo "$python has no PyTorch: nothing to compare with"; return; }
  within "$python" bench/peers/decode.py $shape "$device" $prompt "${rows[@]}"
}

training_steps() {
  local code=0 what
  for what in sft dpo reward; do bench Training step $what "$device" $shape $tokens || code=1; done
  return $code
}

nccl() {
  if [ "$device" = cpu ]; then
    command -v cc > /dev/null || { echo "no C compiler (cc): NCCL's stub cannot be made"; return; }
    local stub=bench/Training/bin/libnccl_stub.so
    cc -O1 -shared -fPIC -pthread -o $stub test/Hone.Training.Tests/Collectives/nccl_stub.c
    echo "a stub in place of NCCL and CUDA"
    bench Training nccl "$device" $stub
    return
  fi
  bench Training nccl "$device"
  local gpus
  gpus=$(nvidia-smi -L | wc -l)
  [ "$gpus" -gt 1 ] || { echo "one GPU: no ranks to add up over"; return; }
  bench Training allreduce "$gpus" 100 nccl
}

require_gpu
for project in Training Generation; do dotnet build -c Release "bench/$project" -v quiet --nologo >&2; done
begun=$SECONDS
for part in "${parts[@]}"; do
  echo "== $part"
  "$part" || { echo "gpu-check: $part FAILED" >&2; failed=1; }
done
echo "$((SECONDS - begun)) s"
exit $failed
