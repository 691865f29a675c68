#!/usr/bin/env bash
# The whole loop in its smallest form. Usage: eng/smallest-quickstart.sh FOLDER COMMAND..., where COMMAND starts hone.
output=$1
shift
exec "$@" quickstart --output "$output" \
  --set data.limits.sft=512 --set data.limits.preferences=480 \
  --set data.held_out.sft=32 --set data.held_out.reward=48 --set data.held_out.selection=32 --set data.held_out.test=32 \
  --set online.iterations=2 --set online.prompts_per_iteration=32 --set online.batch_size=8 --set online.max_new_tokens=32 \
  --set evaluation.max_new_tokens=32 --set evaluation.bootstrap_samples=200
