#!/usr/bin/env bash
# Ends a rank at random moments of a training, sees that all ranks end within 30 seconds with a message that names it, resumes, and
# compares the weights with those of an unbroken training by one process.
# Usage: eng/kill-ranks.sh [MOMENTS=50] [SEED=1] [RANKS=2]
# Signals take turns: KILL, STOP, KILL, ... A STOP takes some 20 seconds to be seen. MAX_SECONDS ends it earlier.
set -euo pipefail
cd "$(dirname "$0")/.."
moments=${1:-50} ranks=${3:-2}
RANDOM=${2:-1}
dotnet build -c Release src/Hone.Cli -v quiet --nologo >&2
hone=(dotnet "$PWD/src/Hone.Cli/bin/Release/net10.0/hone.dll")
work=$(mktemp -d)
trap '[ -n "${KEEP:-}" ] && echo "kept: $work" >&2 || rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
settings=(--set ranks.deterministic=true --set ranks.shard_optimizer=true --set sft.micro_batch_tokens=1024 --set sft.save_every=2
  --set reward.enabled=false --set online.enabled=false --set offline_dpo.enabled=false --set evaluation.enabled=false
  --set data.limits.sft=512 --set data.held_out.sft=16 --set data.held_out.reward=16)
now() { date +%s%N | cut -c1-13; }
begun=$(now)
"${hone[@]}" launch --ranks "$ranks" -- quickstart --output "$work/timed" "${settings[@]}" > /dev/null 2> "$work/log" \
  || { cat "$work/log"; exit 1; }
length=$(($(now) - begun))
"${hone[@]}" quickstart --output "$work/one" "${settings[@]}" > /dev/null 2>> "$work/log"
model=sft/model/model.safetensors
cmp "$work/one/$model" "$work/timed/$model"
echo "unbroken: $((length / 1000)) s with $ranks ranks, the bytes of one process"

clean=0 exact=0 worst=0 done=0 SECONDS=0
for ((i = 0; i < moments; i++)); do
  [ -n "${MAX_SECONDS:-}" ] && [ $SECONDS -gt "$MAX_SECONDS" ] && break
  run=$work/run-$i log=$work/log-$i signal=$([ $((i % 2)) = 0 ] && echo KILL || echo STOP) victim=$((RANDOM % ranks))
  "${hone[@]}" launch --ranks "$ranks" -- quickstart --output "$run" "${settings[@]}" > /dev/null 2> "$log" &
  launcher=$!
  sleep "$(awk -v l="$length" -v r=$RANDOM 'BEGIN { printf "%.3f", l * (0.15 + 0.8 * r / 32768) / 1000 }')"
  mapfile -t children < <(pgrep -P $launcher | sort -n)
  if [ ${#children[@]} -lt "$ranks" ] || ! kill -0 $launcher 2> /dev/null; then
    wait $launcher || true
    rm -rf "$run"
    i=$((i - 1))
    continue
  fi
  kill -$signal "${children[victim]}"
  at=$(now) code=0
  wait $launcher || code=$?
  took=$(($(now) - at)) done=$((done + 1))
  [ $took -gt $worst ] && worst=$took
  if [ $code -ne 0 ] && [ $took -le 30000 ] && grep -q "rank $victim " "$log"; then clean=$((clean + 1))
  else
    echo "moment $i: $signal of rank $victim ended after $took ms with exit code $code:"
    tail -n 5 "$log"
  fi
  code=0
  if [ -f "$run/manifest.json" ]; then "${hone[@]}" launch --ranks "$ranks" -- run --resume "$run" > /dev/null 2>> "$log" || code=$?
  else "${hone[@]}" launch --ranks "$ranks" -- quickstart --output "$run" "${settings[@]}" > /dev/null 2>> "$log" || code=$?; fi
  if [ $code = 0 ] && cmp -s "$work/one/$model" "$run/$model"; then exact=$((exact + 1))
  else
    echo "moment $i: after $signal of rank $victim the resumed training is not the unbroken one:"
    tail -n 5 "$log"
  fi
  rm -rf "$run"
done
echo "$done moments: $clean clean ends, the slowest after $worst ms; $exact exact resumes"
[ $clean = $done ] && [ $exact = $done ]
