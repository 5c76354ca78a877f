#!/usr/bin/env bash
# How the checkpoint `fields` was made, from the first phantom to the last epoch. Run in an empty folder:
#
#     bash PROJECT/checkpoints/fields.sh DATA
#
# DATA holds herlev, fields/bttfa, fields/sipakmed_smears, sipakmed_007_sharp and sipakmed_crops. Interrupted at
# any moment, the same command goes on where it was: what is done is not done again, and a run resumes at
# its last epoch. A network of the same kind comes out, not the same bits: the trainings took place one after
# another, and the code learnt in between.
set -euo pipefail
sources=$(realpath "${1:?usage: bash fields.sh DATA}")
checkpoints=$(dirname "$(realpath "$0")")
export PYTHONPATH=$checkpoints/..${PYTHONPATH:+:$PYTHONPATH}

pap() { echo "pap $*" >&2; python -m pap_core "$@"; }

phantom() { [ -e "$1.done" ] || { pap phantom "$@" && touch "$1.done"; }; }

build() { [ -e "$2/dataset.json" ] || pap build "$@"; }

told() { [ -e "$2/dataset.json" ] || pap pseudo-label "$@"; }

jitter=(--set jitter.colour=0.8 --set jitter.shift=0.12 --set jitter.blur=1.5 --set jitter.noise=8
    --set jitter.crowding=0.35)

train() { # RUN FROM ZOOM EPOCHS RATE, then DATASET=WEIGHT each
    local run=runs/$1 from=$2 zoom=$3 epochs=$4 rate=$5 sets=() weights=() one
    shift 5
    if [ -e "$run/config.json" ]; then
        grep -q '"state": "finished"' "$run/status.json" || pap train --resume "$run"
        return
    fi
    for one in "$@"; do
        sets+=("data/${one%=*}")
        weights+=(--source-weight "data/$one")
    done
    pap train "${sets[@]}" "${weights[@]}" --preset compact --from "$from" --run-folder "$run" \
        --set epochs="$epochs" --set learning_rate="$rate" --set decay=1.0 --set average=0.995 \
        --set "jitter.zoom=$zoom" "${jitter[@]}"
}

# Truth: single cells, synthetic smears, liquid-based fields, annotated cells of conventional smears.
phantom phantoms --smears 36 --seed 1
phantom more --smears 36 --seed 2
build "$sources/herlev" data/herlev
build phantoms data/phantom_windows --mode window --test-share 0.1
build phantoms data/phantom_crops --mode fit --test-share 0.1
build more data/phantom_fields --mode field --test-share 0.1
build "$sources/fields/bttfa" data/bttfa --truth nucleus --glass --test-share 0.2
build "$sources/fields/sipakmed_smears" data/sipakmed_smears --test-share 0.2
build "$sources/sipakmed_007_sharp" data/sipakmed_007 --mode fit --test-share 0
train first compact "[0.7, 1.4]" 7 0.0004 herlev=3 phantom_windows=0.7 phantom_crops=0.6 phantom_fields=1.2 \
    bttfa=3 sipakmed_smears=1 sipakmed_007=0.4

# Pictures without that truth: smears seen from further off, in whole, and crops of single cells.
build "$sources/fields/sipakmed_smears" data/smears_small --test-share 0.2 --scale 0.6
build "$sources/fields/sipakmed_smears" data/smears_all --truth none --scale 0.6 --test-share 0.2 \
    --beside data/sipakmed_smears
build "$sources/sipakmed_crops" data/fewer_crops --truth none --groups '([^/]+/\d+)_' --test-share 0.75 \
    --beside data/sipakmed_smears
build "$sources/sipakmed_crops" data/crops --truth none --groups '([^/]+/\d+)_' --test-share 0.5 \
    --beside data/sipakmed_smears

# What the first weights are sure of, where those that know single cells are.
teachers=(--checkpoint "$checkpoints/compact" --checkpoint runs/first)
told data/smears_small data/second_small_n "${teachers[@]}" --only nuclei
told data/second_small_n data/second_small --checkpoint "$checkpoints/compact" --only background
told data/smears_all data/second_all_n "${teachers[@]}" --only nuclei
told data/second_all_n data/second_all --checkpoint "$checkpoints/compact" --only background
told data/fewer_crops data/second_crops "${teachers[@]}"
train second runs/first "[0.6, 1.4]" 1 0.00025 herlev=3 phantom_windows=0.7 phantom_crops=0.6 \
    phantom_fields=1.2 bttfa=3 second_small=1.2 second_all=1.5 sipakmed_007=0.3 second_crops=2

# One nucleus to a cell.
teachers=(--checkpoint "$checkpoints/compact" --checkpoint runs/second)
told data/smears_small data/third_small_n "${teachers[@]}" --only nuclei
told data/third_small_n data/third_small --checkpoint "$checkpoints/compact" --only background
told data/sipakmed_smears data/third_large_n "${teachers[@]}" --only nuclei
told data/third_large_n data/third_large --checkpoint "$checkpoints/compact" --only background
told data/smears_all data/third_all --checkpoint "$checkpoints/compact" --only background
told data/crops data/third_crops "${teachers[@]}" --one-cell
train third runs/second "[0.5, 1.4]" 3 0.0004 herlev=3.5 phantom_windows=0.7 phantom_crops=0.6 \
    phantom_fields=1.4 bttfa=2.5 third_small=0.8 third_large=1.2 third_all=1 sipakmed_007=0.3 third_crops=2
train fields runs/third "[0.6, 1.4]" 1 0.0003 herlev=5 phantom_windows=0.8 phantom_crops=0.8 \
    phantom_fields=1.6 bttfa=4 third_small=0.5 third_large=0.9 third_all=0.6 sipakmed_007=0.3 third_crops=2
