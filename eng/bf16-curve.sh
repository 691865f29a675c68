#!/usr/bin/env bash
# The quickstart's SFT and offline DPO in fp32 and in bf16, several seeds: how far bf16's loss is from fp32's of the same seed, and how
# far fp32's losses of different seeds are from each other, by the mean over the steps of each tenth of the training.
# Usage: eng/bf16-curve.sh [SEEDS=5] [SFT_EPOCHS=2] [DPO_EPOCHS=3]     (2 and 3 epochs are 512 and more than 600 steps)
set -euo pipefail
cd "$(dirname "$0")/.."
seeds=${1:-5} sft=${2:-2} dpo=${3:-3}
dotnet build -c Release src/Hone.Cli -v quiet --nologo >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in $(seq "$seeds"); do
  for precision in fp32 bf16; do
    dotnet src/Hone.Cli/bin/Release/net10.0/hone.dll run recipes/quickstart.yaml \
      --output "$work/$precision-$seed" --seed "$seed" \
      --set precision=$precision --set reward.enabled=false --set online.enabled=false --set evaluation.enabled=false \
      --set "offline_dpo.beta_sweep=[]" --set sft.epochs="$sft" --set offline_dpo.epochs="$dpo" \
      --set sft.log_every=1 --set offline_dpo.log_every=1 > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    for stage in sft offline-dpo; do
      sed -n "s/^{\"stage\":\"$stage\",\"step\":\([0-9]*\),.*\"loss\":\([-0-9.e+]*\).*/\1 \2/p" \
        "$work/$precision-$seed/metrics.jsonl" | sed "s/^/$stage $precision $seed /" >> "$work/losses"
    done
  done
done
awk -v seeds="$seeds" '
  { loss[$1, $2, $3, $4] = $5; if ($4 > last[$1]) last[$1] = $4 }
  END {
    print "| stage | steps | fp32, mean over seeds | bf16 - fp32 of a seed, mean | largest | fp32, deviation between seeds |"
    print "|---|---|--:|--:|--:|--:|"
    for (s = 1; s <= 2; s++) {
      stage = s == 1 ? "sft" : "offline-dpo"
      for (t = 0; t < 10; t++) {
        from = int(last[stage] * t / 10) + 1; to = int(last[stage] * (t + 1) / 10)
        sum = squares = apart = most = 0
        for (k = 1; k <= seeds; k++) {
          a = b = n = 0
          for (i = from; i <= to; i++) { a += loss[stage, "fp32", k, i]; b += loss[stage, "bf16", k, i]; n++ }
          a /= n; b /= n; sum += a; squares += a * a; apart += b - a
          d = b > a ? b - a : a - b; if (d > most) most = d
        }
        mean = sum / seeds; variance = squares / seeds - mean * mean
        deviation = sqrt(variance > 0 ? variance : 0)
        printf "| %s | %d-%d | %.4f | %+.5f | %.5f | %.5f |\n", stage, from, to, mean, apart / seeds, most, deviation
      }
    }
  }' "$work/losses"
