#!/bin/bash
# Ranks by MPI: recipes/cluster/mpirun.sh "-np 2" my.yaml /shared/runs/first
# Several hosts: "-np 4 --host node1:2,node2:2". The first argument is mpirun's own.
set -euo pipefail
read -ra mpi <<< "$1"
recipe=$2 run=$3
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Open MPI gives variables to other hosts where it is told to; MPICH gives all.
mpirun --version | grep -q 'Open MPI' && mpi+=(-x OMP_NUM_THREADS --bind-to none)
if [ -f "$run/manifest.json" ]; then
  mpirun "${mpi[@]}" hone run --resume "$run"
else
  mpirun "${mpi[@]}" hone run "$recipe" --output "$run"
fi
