#!/bin/sh
# Checks the model of handing over whole, then with each rule removed. Needs spin and gcc; takes minutes.
# "all rules" must say 0 errors. Without standing still, the fence or the proof there must be errors: the model can fail.
set -eu
model=$(cd "$(dirname "$0")" && pwd)/handover.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

one() {
    name=$1
    shift
    spin -a "$@" "$model" >/dev/null
    gcc -O2 -w -DSAFETY -DCOLLAPSE -DVECTORSZ=4096 -o pan pan.c
    timeout 600 ./pan -m200000 >out 2>&1 || true
    printf '%-28s %s\n' "$name" "$(grep -oE '[0-9]+ states, stored|errors: [0-9]+' out | paste -sd' ')"
}

one "all rules" -DX
one "VM need not stand still" -DCHECK_STILL=0
one "no revisions" -DCHECK_REV=0
one "neither" -DCHECK_STILL=0 -DCHECK_REV=0
one "no fence" -DFENCE=0
one "state as proof" -DPROOF=0
one "target's permission first" -DORDER=0
