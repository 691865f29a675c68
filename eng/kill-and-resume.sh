#!/usr/bin/env bash
# Kills a run with -9 at random moments, resumes it each time, and compares every file with those of an unbroken run.
# Usage: eng/kill-and-resume.sh [--full] [KILLS=20] [SEED=1]
#   --full    the quickstart as it is; without it a smaller one with the same stages (a minute or two on two idle cores)
# A third of the kills comes within the first seconds of a process, a third at the next moment at which a model, a
# training state or a manifest is being written, a third at any time. A run that ends before its kill is compared, and
# the next one begins. KEEP=1 keeps the folders.
set -euo pipefail
cd "$(dirname "$0")/.."
settings=(
  --set data.held_out.sft=32 --set data.held_out.reward=96 --set data.held_out.selection=48 --set data.held_out.test=64
  --set data.limits.sft=1024 --set data.limits.preferences=1152
  --set online.iterations=2 --set online.prompts_per_iteration=192 --set online.max_new_tokens=48 --set evaluation.max_new_tokens=48
  --set sft.save_every=3 --set reward.save_every=4 --set offline_dpo.save_every=5 --set online.save_every=2
)
if [ "${1:-}" = --full ]; then
  settings=()
  shift
fi
kills=${1:-20}
RANDOM=${2:-1}
dotnet build -c Release src/Hone.Cli -v quiet --nologo >&2
work=$(mktemp -d)
trap '[ -n "${KEEP:-}" ] && echo "kept: $work" >&2 || rm -rf "$work"' EXIT
hone=(dotnet src/Hone.Cli/bin/Release/net10.0/hone.dll)
unbroken=$work/unbroken

now() { date +%s%N | cut -c1-13; }
random() { echo $((($1) + ((RANDOM << 15) | RANDOM) % (($2) - ($1) + 1))); }

# Everything that a seed decides: all but times, speeds, memory, the machine and the process.
files() {
  (cd "$1" && find . -type f ! -name log.jsonl ! -name timing.jsonl ! -name digests.json ! -name 'run.*' ! -path ./manifest.json ! -name 'events.out.*' ! -name report.html | sort)
}
content() {
  case $1 in
    */results.json) grep -vE '^  "(wall_seconds|peak_memory_bytes|machine)":' "$1" ;;
    *) cat "$1" ;;
  esac
}

same=0 different=0
compare() {
  local file
  if ! diff <(files "$unbroken") <(files "$1"); then different=$((different + 1)); fi
  while read -r file; do
    [ -f "$1/$file" ] || continue
    if cmp -s <(content "$unbroken/$file") <(content "$1/$file"); then
      same=$((same + 1))
    else
      echo "DIFFERENT: $file"
      different=$((different + 1))
    fi
  done < <(files "$unbroken")
}

# Something is being written at this moment.
writing() { [ -n "$(find "$1" \( -name 'tmp-*' -o -name '*.partial' -o -name '*.tmp' \) -print -quit 2> /dev/null)" ]; }

begun=$(now)
"${hone[@]}" quickstart --output "$unbroken" "${settings[@]}" > "$work/unbroken.table" 2> "$work/unbroken.log"
length=$(($(now) - begun))
echo "unbroken run: $((length / 1000)) s, $(files "$unbroken" | wc -l) files to compare"

killed=0 resumes=0 runs=0
while [ $killed -lt "$kills" ]; do
  runs=$((runs + 1))
  run=$work/run-$runs
  finished=
  while [ -z "$finished" ]; do
    # A process that was killed before the run had its manifest left nothing to resume: it is begun again.
    if [ -f "$run/manifest.json" ]; then
      command=(run --resume "$run")
      resumes=$((resumes + 1))
    else
      command=(quickstart --output "$run" "${settings[@]}")
    fi
    began=$(now)
    "${hone[@]}" "${command[@]}" > "$run.table" 2>> "$run.log" &
    process=$!
    moment=none
    if [ $killed -lt "$kills" ]; then
      case $((killed % 3)) in
        0) delay=$(random 100 4000) moment=early ;;
        1) delay=$(random $((length / 40)) $((length / 5))) moment=writing ;;
        2) delay=$(random $((length / 40)) $((length / 4))) moment=anytime ;;
      esac
      while kill -0 $process 2> /dev/null && [ $(($(now) - began)) -lt "$delay" ]; do sleep 0.02; done
      if [ $moment = writing ]; then
        while kill -0 $process 2> /dev/null && ! writing "$run"; do sleep 0.002; done
      fi
      kill -9 $process 2> /dev/null || true
    fi
    code=0
    wait $process 2> /dev/null || code=$?
    case $code in
      0) finished=yes ;;
      137)
        killed=$((killed + 1))
        echo "kill $killed ($moment) after $(($(now) - began)) ms: $(tail -n 1 "$run.log" | cut -c1-60)"
        ;;
      *)
        echo "FAILED with exit code $code: ${command[*]}"
        tail -n 5 "$run.log"
        exit 1
        ;;
    esac
  done
  cmp -s "$work/unbroken.table" "$run.table" || echo "DIFFERENT: the table printed at the end"
  compare "$run"
done
echo "$killed kills, $resumes resumes, $runs runs finished, $same files identical, $different different"
[ $different -eq 0 ]
