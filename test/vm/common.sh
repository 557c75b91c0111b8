# shellcheck shell=bash disable=SC2034
# What uml.sh, qemu.sh and arm64.sh share; they source it. All three have one contract:
#
#   GUEST.sh [-m MB] [-t SECONDS] [-o DIRECTORY] [-v] [options of its own] -- COMMAND ...
#
# COMMAND runs as root, in the current directory, on another kernel with pure cgroup v2. What it prints is printed,
# stdout and stderr apart, and its status is this script's; 125 says that the guest failed. What it writes to /out lands
# in DIRECTORY. Everything else that it changes is gone afterwards.
# -m: the guest's memory. -t: seconds after which it is switched off. -v: what its kernel had to say. Nothing needs KVM.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${CARREL_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/carrel/vm}
memory=2048 limit=600 out='' verbose=''
OWN_OPTIONS=${OWN_OPTIONS:-}

# parse_options ARGUMENT ...: sets the variables above and `command`; an option of its own goes to own_option.
parse_options() {
  local flag
  while getopts "m:t:o:v$OWN_OPTIONS" flag; do
    case $flag in
      m) memory=$OPTARG ;;
      t) limit=$OPTARG ;;
      o) out=$OPTARG ;;
      v) verbose=1 ;;
      '?') exit 2 ;;
      *) own_option "$flag" "${OPTARG:-}" ;;
    esac
  done
  shift $((OPTIND - 1))
  [ "${1:-}" != -- ] || shift
  command=("$@")
}

# begin_job: a directory for this run, removed with all that was started, whatever happens.
begin_job() {
  job=$(mktemp -d "${TMPDIR:-/tmp}/carrel-vm.XXXXXX")
  started=()
  trap end_job EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  out=$(realpath -m "${out:-$job/out}")
  mkdir -p "$out/.vm"
  rm -f "$out/.vm/status"
  printf 'cd %q\n' "$PWD" >"$out/.vm/command"
  printf '%q ' "${command[@]}" >>"$out/.vm/command"
  cp "$here/guest.sh" "$out/.vm/guest.sh"
  # The guest has no terminal: its output goes through pipes that are opened by name.
  exec 8> >(exec cat)
  readers=($!)
  exec 9> >(exec cat >&2)
  readers+=($!)
}

end_job() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || :; done
  wait "${started[@]}" 2>/dev/null || :
  rm -rf --one-file-system "$job"
}

# make_disk FILE: an empty ext4 for the guest's /var/tmp, the one file system there whose owners Linux 6.1 can show
# mapped. mount_setattr(2)
make_disk() {
  truncate -s 2G "$1"
  PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 "$1"
}

# finish NAME: what the guest left says how this script ends.
finish() {
  exec 8>&- 9>&-
  wait "${readers[@]}" || :
  if [ -n "$verbose" ]; then cat "$job/console" >&2; fi
  local status=125
  if [ -s "$out/.vm/status" ]; then
    status=$(cat "$out/.vm/status")
  else
    echo "$1: the guest ended without a result" >&2
    tail -n 30 "$job"/console "$job"/*.log >&2 2>/dev/null || :
  fi
  rm -rf "$out/.vm"
  exit "$status"
}
