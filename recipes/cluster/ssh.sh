#!/bin/bash
# One rank a host, by ssh: recipes/cluster/ssh.sh "node1 node2" my.yaml /shared/runs/first
# The first host leads. All see this folder and the run's under the same path; the hosts trust the network between them.
set -euo pipefail
read -ra hosts <<< "$1"
recipe=$2 run=$3
command=(hone run "$recipe" --output "$run")
[ -f "$run/manifest.json" ] && command=(hone run --resume "$run")
pids=()
for rank in "${!hosts[@]}"; do
  # -tt: when this script ends, the rank's terminal closes and the rank with it.
  ssh -tt "${hosts[rank]}" "cd $(printf %q "$PWD") && env RANK=$rank WORLD_SIZE=${#hosts[@]} LOCAL_RANK=0 \
    MASTER_ADDR=${hosts[0]} MASTER_PORT=${MASTER_PORT:-29500} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} $(printf '%q ' "${command[@]}")" &
  pids+=($!)
done
code=0
for pid in "${pids[@]}"; do wait "$pid" || code=$?; done
exit $code
