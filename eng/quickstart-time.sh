#!/usr/bin/env bash
# Times the quickstart of two builds in turn (A B, A B, ...), each in a process of its own, and prints every wall time,
# the medians and the ratio. Usage: eng/quickstart-time.sh BUILD_A BUILD_B OUTPUT_FOLDER [RUNS]
# (a build is a folder that holds hone.dll; nothing else should run on the machine meanwhile)
set -euo pipefail
a=$1 b=$2 out=$3 runs=$4
shift 4
mkdir -p "$out"
: > "$out/times-a" && : > "$out/times-b"

timed() { # NAME BUILD RUN FLAGS...
  local begin end
  begin=$(date +%s.%N)
  dotnet "$2/hone.dll" quickstart --output "$out/$1-$3" "${@:4}" > "$out/$1-$3.table" 2> "$out/$1-$3.log"
  end=$(date +%s.%N)
  echo "$end - $begin" | bc -l >> "$out/times-$1"
  echo "run $3, $1: $(tail -1 "$out/times-$1") s"
}

for run in $(seq "$runs"); do
  timed a "$a" "$run"
  timed b "$b" "$run" "$@"
done
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }
echo "median a $(median "$out/times-a") s, b $(median "$out/times-b") s, b/a $(echo "$(median "$out/times-b") / $(median "$out/times-a")" | bc -l)"
