#!/usr/bin/env bash
# Runs the quickstart on several seeds with unchanged settings, and again with the length penalty on, and prints the
# final tables. Usage: eng/quickstart-seeds.sh OUTPUT_FOLDER [SEED...]
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
shift
seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(1 2 3 4 5)
dotnet build -c Release src/Hone.Cli -v quiet
hone=src/Hone.Cli/bin/Release/net10.0/hone.dll
for seed in "${seeds[@]}"; do
  echo "== seed $seed, length penalty off"
  dotnet "$hone" quickstart --seed "$seed" --output "$out/seed-$seed" 2> "$out-seed-$seed.log"
done
for seed in "${seeds[@]}"; do
  echo "== seed $seed, length penalty 0.01 per token"
  dotnet "$hone" quickstart --seed "$seed" --output "$out/seed-$seed-penalty" \
    --set online.length_penalty=0.01 --set offline_dpo.enabled=false 2> "$out-seed-$seed-penalty.log"
done
