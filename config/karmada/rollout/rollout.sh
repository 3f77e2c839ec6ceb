#!/usr/bin/env bash
#
# Does the next step of a staged rollout, and nothing if the clusters are not ready for it. Run it against the API server of
# Karmada until it says that the rollout is complete:
#
#   1  trust.yaml: audit in all clusters
#   2  canary.yaml: enforce in the clusters with the label rollout=canary
#   3  enforcement: Enforce in the trust: enforce in all clusters
#   4  canary.yaml is deleted, since it no longer changes anything
#
# Each step is decided by what the control plane says now, so that the script can be interrupted and run again, also by a
# pipeline. It needs kubectl, and its plugin kubectl-imagetrust. Exit codes: 0 a step was done or the rollout is complete, 1 a
# cluster stops the rollout, 2 anything else.
set -euo pipefail
trap 'exit 2' ERR

trust=karmada-release
override=karmada-release-rollout
# Labels of the clusters that enforce first, and of all clusters of the rollout: empty for every cluster of the fleet.
canary=rollout=canary
all=
cd "$(dirname "${BASH_SOURCE[0]}")"

# clean GROUP succeeds if every cluster with the labels GROUP answers, and reports about the current trust that all images are
# verified and that admission would deny no workload. Otherwise it prints which one does not. A group without clusters is not clean.
clean() {
  kubectl imagetrust status "$trust" --karmada --cluster-selector="$1" --ready-to-enforce >&2
}

# enforcing GROUP succeeds if every cluster with the labels GROUP reports that its policy enforces. It does not rely on the
# generation of the trust, which an override does not change.
enforcing() {
  local modes
  # The exit code is that of the verdicts, which is the business of clean.
  modes=$(kubectl imagetrust status "$trust" --karmada --cluster-selector="$1" \
    --output=jsonpath='{range .trusts[*].clusters[*]}{.cluster}: {.mode}{"\n"}{end}') || true
  if [[ -z $modes ]] || grep --invert-match ': enforce$' <<<"$modes" >&2; then
    echo "not all clusters enforce yet" >&2
    return 1
  fi
}

# stopped says that nothing was changed.
stopped() {
  echo "stopped before step $1: nothing was changed" >&2
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
  clean "$canary" || stopped 2
  echo "step 2: enforce in the clusters with $canary"
  kubectl apply --server-side --filename=canary.yaml
  ;;
Audit:?*)
  { enforcing "$canary" && clean "$all"; } || stopped 3
  echo "step 3: enforce in all clusters"
  kubectl patch karmadaimagetrust "$trust" --type=merge --patch='{"spec":{"enforcement":"Enforce"}}'
  ;;
Enforce:?*)
  { enforcing "$all" && clean "$all"; } || stopped 4
  echo "step 4: delete the override"
  kubectl delete --filename=canary.yaml
  ;;
Enforce:)
  { enforcing "$all" && clean "$all"; } || exit 1
  echo "complete: $trust is enforced in all clusters"
  ;;
:?*)
  echo "$override exists and $trust does not: it would be enforced at once. Run: kubectl delete -f canary.yaml" >&2
  exit 2
  ;;
*)
  echo "the enforcement of $trust is $enforcement, which is no step of this rollout" >&2
  exit 2
  ;;
esac
