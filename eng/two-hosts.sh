#!/usr/bin/env bash
# Trains with two ranks in two network namespaces joined by a pair of virtual cards, as on two hosts, and compares every weight with
# those of one process; then cuts the link in the midst of a training and sees both ranks end, by name, within 30 seconds.
# Usage: eng/two-hosts.sh [DELAY=20ms] [LOSS=1%]     as root; needs iproute2. About two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
delay=${1:-20ms} loss=${2:-1%}
dotnet build -c Release src/Hone.Cli -v quiet --nologo >&2
hone=(dotnet "$PWD/src/Hone.Cli/bin/Release/net10.0/hone.dll")
work=$(mktemp -d) a=hone-a-$$ b=hone-b-$$
cleanup() {
  ip netns pids "$a" 2> /dev/null | xargs -r kill -9 2> /dev/null || true
  ip netns pids "$b" 2> /dev/null | xargs -r kill -9 2> /dev/null || true
  ip netns del "$a" 2> /dev/null || true
  ip netns del "$b" 2> /dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
ip netns add "$a"
ip netns add "$b"
ip link add va netns "$a" type veth peer name vb netns "$b"
for side in "$a va 10.77.0.1" "$b vb 10.77.0.2"; do
  read -r ns card address <<< "$side"
  ip -n "$ns" addr add "$address/24" dev "$card"
  ip -n "$ns" link set lo up
  ip -n "$ns" link set "$card" up
  # A kernel without netem can still be slow.
  if ip netns exec "$ns" tc qdisc add dev "$card" root netem delay "$delay" loss "$loss" 2> /dev/null; then link="delay $delay, loss $loss"
  else
    ip netns exec "$ns" tc qdisc add dev "$card" root tbf rate 50mbit burst 64kb latency 50ms
    link="no netem in this kernel: 50 Mbit/s, no delay, no loss"
  fi
done

# The small world's SFT and offline DPO with an adapter: its gradients are what a slow link carries.
settings=(--set adapter.rank=4 --set ranks.deterministic=true --set sft.micro_batch_tokens=2048 --set offline_dpo.micro_batch_tokens=2048
  --set reward.enabled=false --set online.enabled=false --set evaluation.enabled=false --set data.limits.sft=256
  --set data.limits.preferences=128 --set sft.save_every=2 --set data.held_out.sft=16 --set data.held_out.reward=16)
export OMP_NUM_THREADS=1
ranks() { # output, more settings
  local output=$1
  shift
  for rank in 0 1; do
    ns=$a
    [ $rank = 1 ] && ns=$b
    ip netns exec "$ns" env RANK=$rank WORLD_SIZE=2 LOCAL_RANK=0 MASTER_ADDR=10.77.0.1 MASTER_PORT=29500 \
      "${hone[@]}" quickstart --output "$output" "${settings[@]}" "$@" > "$work/out.$rank" 2> "$work/log.$rank" &
    pids[rank]=$!
  done
}
pids=()

"${hone[@]}" quickstart --output "$work/one" "${settings[@]}" > /dev/null 2> "$work/log.one" || { cat "$work/log.one"; exit 1; }
begun=$SECONDS
ranks "$work/two"
wait "${pids[0]}" || { cat "$work/log.0" "$work/log.1"; exit 1; }
wait "${pids[1]}" || { cat "$work/log.1"; exit 1; }
echo "two namespaces ($link): $((SECONDS - begun)) s"
for stage in sft offline-dpo; do
  for file in $(cd "$work/one/$stage/model" && ls ./*.safetensors); do
    cmp "$work/one/$stage/model/$file" "$work/two/$stage/model/$file"
    echo "same bytes: $stage/model/$file"
  done
done

rm "$work"/log.*
ranks "$work/cut" --set sft.epochs=1000
until [ -n "$(ls "$work/cut/sft/states" 2> /dev/null)" ]; do
  kill -0 "${pids[0]}" || { cat "$work/log.0"; exit 1; }
  sleep 0.2
done
begun=$SECONDS
ip -n "$b" link set vb down
for rank in 0 1; do
  code=0
  wait "${pids[rank]}" || code=$?
  took=$((SECONDS - begun))
  echo "rank $rank ended after $took s with exit code $code: $(grep -m1 '^error' "$work/log.$rank" || tail -n1 "$work/log.$rank")"
  if [ $code = 0 ] || [ $took -gt 30 ] || ! grep -q "rank $((1 - rank)) on" "$work/log.$rank"; then exit 1; fi
done
echo "ok"
