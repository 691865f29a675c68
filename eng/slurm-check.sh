#!/usr/bin/env bash
# Runs recipes/cluster/slurm.sbatch with two tasks under a Slurm of one node, on ports of its own, and compares the weights with those
# of one process; then sees that a lost rank ends the step by name, and that the job, begun again, goes on to the same weights.
# Usage: eng/slurm-check.sh     as root; needs slurmctld, slurmd, slurm-client and munge (Debian's packages). About two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in munged slurmctld slurmd sbatch srun; do
  command -v "$tool" > /dev/null || { echo "skipped: $tool is not here; apt-get install slurmctld slurmd slurm-client munge"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: the daemons of a cluster are started by root"; exit 0; }
dotnet build -c Release src/Hone.Cli -v quiet --nologo >&2
work=$(mktemp -d) port=$((21000 + $$ % 4000 * 2)) daemons=()
cleanup() {
  scancel --me 2> /dev/null || true
  for pid in "${daemons[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  [ -n "${KEEP:-}" ] && echo "kept: $work" >&2 || rm -rf "$work"
}
trap cleanup EXIT
chmod 755 "$work"
mkdir -p "$work"/{bin,state,spool}
printf '#!/bin/sh\nexec dotnet %q "$@"\n' "$PWD/src/Hone.Cli/bin/Release/net10.0/hone.dll" > "$work/bin/hone"
chmod 755 "$work/bin/hone"
export PATH=$work/bin:$PATH SLURM_CONF=$work/slurm.conf
fail() {
  echo "failed: $1" >&2
  tail -n 20 "$work"/*.log "$work"/*.out >&2 2> /dev/null || true
  exit 1
}

# munge tells daemons who asks; its key, socket and log are this check's own.
install -d -m 700 "$work/munge"
dd if=/dev/urandom of="$work/munge/key" bs=128 count=1 status=none
chmod 600 "$work/munge/key"
munged --foreground --force --key-file "$work/munge/key" --socket "$work/munge.socket" --pid-file "$work/munge/pid" \
  --log-file "$work/munge/log" --seed-file "$work/munge/seed" > "$work/munged.log" 2>&1 &
daemons+=($!)
host=$(hostname -s)
cat > "$SLURM_CONF" << EOF
ClusterName=check
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
EOF
sleep 1
slurmctld -D -i > "$work/slurmctld.log" 2>&1 &
daemons+=($!)
slurmd -D -N "$host" > "$work/slurmd.log" 2>&1 &
daemons+=($!)
for _ in $(seq 30); do
  [ "$(sinfo -h -o %t 2> /dev/null)" = idle ] && break
  sleep 1
done
[ "$(sinfo -h -o %t)" = idle ] || fail "the node does not come up"
echo "Slurm $(sinfo --version | cut -d' ' -f2), one node: $(srun -n 2 sh -c 'echo "task $SLURM_PROCID of $SLURM_STEP_NUM_TASKS"' | sort | paste -sd,)"

# A few steps of the quickstart's SFT.
cat > "$work/my.yaml" << EOF
name: slurm
seed: 42
device: cpu
precision: fp32
model: world
ranks: {deterministic: true}
data: {world: tiny, limits: {sft: 1024, preferences: 128}, held_out: {sft: 16, reward: 16}}
sft: {learning_rate: 1.5e-3, batch_size: 32, max_length: 256, micro_batch_tokens: 1024, save_every: 2}
reward: {enabled: false}
offline_dpo: {enabled: false}
online: {enabled: false}
evaluation: {enabled: false}
EOF
job() { # folder, more of sbatch's settings
  sbatch --parsable --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 --time=10 --output="$work/job-%j.out" "${@:2}" \
    recipes/cluster/slurm.sbatch "$work/my.yaml" "$1"
}
model=sft/model/model.safetensors
OMP_NUM_THREADS=1 hone run "$work/my.yaml" --output "$work/one" > "$work/one.out" 2>&1 || fail "one process does not train"
id=$(job "$work/two" --wait) || fail "the job failed"
grep -q "2 ranks" "$work/job-$id.out" || fail "the job did not train with two ranks"
grep -m 1 "2 ranks" "$work/job-$id.out"
cmp "$work/one/$model" "$work/two/$model" || fail "two tasks do not give the weights of one process"
echo "two tasks of a job: the bytes of one process"

id=$(job "$work/killed")
for _ in $(seq 600); do
  grep -q 'sft 1/' "$work/job-$id.out" 2> /dev/null && break
  sleep 0.1
done
sleep 1
victim=$(for p in $(pgrep -f "hone.dll run .*$work/killed"); do
  tr '\0' '\n' < "/proc/$p/environ" 2> /dev/null | grep -qx SLURM_PROCID=1 && echo "$p"
done | head -n 1)
[ -n "$victim" ] || fail "rank 1 is not found"
kill -9 "$victim"
for _ in $(seq 30); do
  squeue -h -j "$id" 2> /dev/null | grep -q . || break
  sleep 1
done
squeue -h -j "$id" 2> /dev/null | grep -q . && fail "the job goes on 30 s after rank 1 was killed"
grep "rank 1 " "$work/job-$id.out" | head -n 1 || fail "nobody names rank 1"
id=$(job "$work/killed" --wait) || fail "the job that goes on failed"
cmp "$work/one/$model" "$work/killed/$model" || fail "the resumed job does not give the weights of one process"
echo "rank 1 killed, the job begun again: the bytes of one process"
