#!/usr/bin/env bash
# The engine corner before and after its redesign: in how many files each thing stands that should stand in one, and how large
# the corner is. Reads the history, changes nothing.
#
#   eng/corner.sh [BEFORE] [AFTER]        revisions; default: the last one before the redesign, and the working state
set -euo pipefail
cd "$(dirname "$0")/.."
before=${1:-0402c0d} after=${2:-HEAD}

# files REVISION PATTERN [PATTERN]: files under src/ that match every pattern.
files() {
  local revision=$1 list
  list=$(git grep -lE "$2" "$revision" -- 'src/*.cs' || true)
  for pattern in "${@:3}"; do
    list=$(for file in $list; do git show "${file}" | grep -qE "$pattern" && echo "$file" || true; done)
  done
  printf '%s\n' "$list" | sed "s|^$revision:||" | grep -v '^$' || true
}

# row NAME PATTERN...: counts in both revisions, and where it is now.
row() {
  local name=$1
  shift
  printf '%-34s %6d %6d   %s\n' "$name" "$(files "$before" "$@" | wc -l)" "$(files "$after" "$@" | wc -l)" \
    "$(files "$after" "$@" | sed 's|.*/||' | paste -sd' ')"
}

# size REVISION: files and lines of models (without file formats and what loads libtorch), inference and training.
size() {
  git ls-tree -r --name-only "$1" -- src/Hone.Models src/Hone.Inference src/Hone.Training | grep '\.cs$' \
    | grep -vE '/(Checkpoints|Native|Gguf)/' | while read -r file; do git show "$1:$file" | wc -l; done \
    | awk '{ n++; s += $1 } END { printf "%d files, %d lines", n, s }'
}

printf '%-34s %6s %6s   %s\n' "files that contain" before after "now in"
row "the formula of a layer" 'PostAttentionNorm, Config|Add\(attended, _mlpIn'
row "fused attention" 'scaled_dot_product_attention\('
row "the opening of a model" 'ConfigFile\.Load\(' 'WeightFolder\.LoadWeights\('
row "a parser of devices" '"cuda:"(, StringComparison|\.Length)'
row "a parser of number formats" '"bfloat16"[^,]* => '
row "an atomic writer" 'File\.Move\([^)]*overwrite: true\)|Directory\.Move\(partial'
row "fsync" 'EntryPoint = "fsync"'
row "the identity of a stage" '\.AddKeys\(|\.AddOptions\('
echo
echo "corner before: $(size "$before")"
echo "corner after:  $(size "$after")"
