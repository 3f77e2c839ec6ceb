#!/usr/bin/env bash
#
# Does the next step of a staged rollout, and nothing if the clusters are not ready for it. Run it against the API server of
# Karmada until it says that the rollout is complete:
#
#   1  trust.yaml: audit everywhere
#   2  canary.yaml: enforce in the clusters with the label rollout=canary
#   3  enforcement: Enforce in the trust: enforce in all clusters
#   4  canary.yaml is deleted, since it no longer changes anything
#
# Each step is decided by what the control plane says now, so that the script can be interrupted and run again, also from a
# pipeline. Exit codes: 0 a step was done or the rollout is complete, 1 a cluster stops the rollout, 2 anything else.
set -euo pipefail
trap 'exit 2' ERR

trust=karmada-release
override=karmada-release-rollout
# Labels of the clusters that enforce first, and of all clusters of the rollout: empty for every cluster of the fleet.
canary=rollout=canary
all=
cd "$(dirname "${BASH_SOURCE[0]}")"

# ready GROUP MODE succeeds if each cluster with the labels GROUP answers and reports, about the current trust, that all images are
# verified and that admission would deny no workload. MODE is what its policy must do, "enforce", or empty for any.
ready() {
  local clusters cluster answers report stop=0
  clusters=$(kubectl get clusters --selector="$1" --output=jsonpath='{.items[*].metadata.name}') || exit 2
  if [[ -z $clusters ]]; then
    echo "no cluster has the labels \"$1\": label the clusters first" >&2
    return 1
  fi
  for cluster in $clusters; do
    answers=$(kubectl get cluster "$cluster" --output=jsonpath='{.status.conditions[?(@.type=="Ready")].status}') || exit 2
    report=$(kubectl get karmadaimagetrust "$trust" --output=jsonpath="{range .status.fleet.clusters[?(@.name==\"$cluster\")]}\
{.state}, images verified: {.imagesVerified}, workloads that would be denied: {.wouldDeny}, undetermined: {.undetermined}, mode: {.mode}{end}") || exit 2
    if [[ $answers != True ]]; then
      echo "$cluster does not answer; it last reported: ${report:-nothing}" >&2
      stop=1
    elif [[ $report != "Reported, images verified: True, workloads that would be denied: 0, undetermined: 0, mode: "${2:-*} ]]; then
      echo "$cluster is not ready: ${report:-it does not report}" >&2
      stop=1
    fi
  done
  return $stop
}

# stopped says that nothing was changed, and where to look.
stopped() {
  echo "stopped before step $1; nothing was changed. See: kubectl imagetrust status $trust" >&2
  exit 1
}

enforcement=$(kubectl get karmadaimagetrust "$trust" --ignore-not-found --output=jsonpath='{.spec.enforcement}')
overridden=$(kubectl get clusteroverridepolicy "$override" --ignore-not-found --output=name)
case "$enforcement:$overridden" in
:)
  echo "step 1: audit in all clusters"
  kubectl apply --server-side --filename=trust.yaml
  ;;
Audit:)
  ready "$canary" "" || stopped 2
  echo "step 2: enforce in the clusters with $canary"
  kubectl apply --server-side --filename=canary.yaml
  ;;
Audit:?*)
  { ready "$canary" enforce && ready "$all" ""; } || stopped 3
  echo "step 3: enforce in all clusters"
  kubectl patch karmadaimagetrust "$trust" --type=merge --patch='{"spec":{"enforcement":"Enforce"}}'
  ;;
Enforce:?*)
  ready "$all" enforce || stopped 4
  echo "step 4: remove the override"
  kubectl delete --filename=canary.yaml
  ;;
Enforce:)
  ready "$all" enforce || exit 1
  echo "complete: $trust is enforced in all clusters"
  ;;
:?*)
  echo "$override exists without the trust, which would be enforced at once: kubectl delete -f canary.yaml" >&2
  exit 2
  ;;
*)
  echo "enforcement of $trust is $enforcement, which is no step of this rollout" >&2
  exit 2
  ;;
esac
