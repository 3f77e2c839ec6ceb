#!/usr/bin/env bash
# Copyright 2026 The Karmada Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

# Copies a TUF repository, such as that of Sigstore, to a directory that a web server can serve:
#
#   mirror-tuf.sh https://tuf-repo-cdn.sigstore.dev DIRECTORY
#
# It follows the metadata as a client does (https://theupdateframework.github.io/specification/latest/), and verifies nothing: clients
# of the copy verify every file by the root that they start from. timestamp.json is written last, so that a client never sees metadata whose
# files are not there yet.
set -euo pipefail

[[ $# == 2 ]] || { echo "usage: ${0##*/} URL DIRECTORY" >&2; exit 2; }
from=${1%/} to=$2
mkdir -p "$to"

# get copies a file that is not there yet: all names but that of the timestamp have a version or a hash.
get() {
  [[ -e $to/$1 ]] && return
  mkdir -p "$to/$(dirname "$1")"
  curl -fsSL --retry 3 -o "$to/$1.part" "$from/$1"
  mv "$to/$1.part" "$to/$1"
}

# Roots are a chain, in which each version is signed by the one before. The last one is followed by none.
version=1
while get "$version.root.json" 2>/dev/null; do version=$((version + 1)); done
rm -f "$to/$version.root.json.part"
(( version > 1 )) || { echo "$from has no 1.root.json" >&2; exit 1; }

timestamp=$(curl -fsSL --retry 3 "$from/timestamp.json")
snapshot=$(jq -r '.signed.meta["snapshot.json"].version' <<<"$timestamp").snapshot.json
get "$snapshot"
# The targets, and the roles that they delegate to.
while read -r role; do
  get "$role"
  # A target is in the directory of its name, and has its hash in front.
  while read -r hash name; do
    get "targets/$(dirname "$name")/$hash.$(basename "$name")"
  done < <(jq -r '.signed.targets | to_entries[] | "\(.value.hashes.sha256 // .value.hashes.sha512) \(.key)"' "$to/$role")
done < <(jq -r '.signed.meta | to_entries[] | "\(.value.version).\(.key)"' "$to/$snapshot")

printf '%s\n' "$timestamp" > "$to/timestamp.json.part"
mv "$to/timestamp.json.part" "$to/timestamp.json"
echo "$to: root $((version - 1)), $snapshot, valid until $(jq -r .signed.expires <<<"$timestamp")"
