#!/usr/bin/env bash
# uml.sh [-c NUMBER] and the options of common.sh: a command in User-Mode Linux, a Linux 6.1 that is a process of this
# machine. It starts in two seconds. One CPU; cgroup v2 has cpu, io, memory and pids. -c: on which of the CPUs that this
# process may use, from 0.
# The root file system is this machine's, read only (hostfs), below a throw-away overlay.
# Debian packages: user-mode-linux busybox-static e2fsprogs gcc libc6-dev
OWN_OPTIONS=c:
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

which=0
own_option() { which=$2; }
parse_options "$@"
# Stops of traced processes across CPUs cost twenty times more than on one.
mapfile -t cpus < <(taskset -pc $$ | sed 's/.*: //' | tr , '\n' |
  while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done)
cpu=${cpus[which % ${#cpus[@]}]}
modules=$(echo /usr/lib/uml/modules/*)
[ -d "$modules" ] || { echo 'uml.sh: no user-mode-linux' >&2; exit 125; }

begin_job
mkdir "$job/root" "$job/memory"
gcc -O2 -shared -fPIC -o "$job/ptrace.so" "$here/uml-ptrace.c" -ldl
cat >"$out/.vm/stage1" <<I
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc
\$b mount -t tmpfs tmpfs /mnt
\$b mkdir /mnt/upper /mnt/work /mnt/new /mnt/lower
\$b insmod $modules/kernel/fs/overlayfs/overlay.ko
\$b mount --bind / /mnt/lower &&
  \$b mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/new || \$b poweroff -f
\$b mkdir -p /mnt/new/out
\$b mount -t hostfs -o $out hostfs /mnt/new/out
\$b mount --move /dev /mnt/new/dev
for terminal in 1 2; do \$b stty -F /mnt/new/dev/tty\$terminal raw -echo; done
\$b umount /proc
cd /mnt/new
\$b pivot_root . mnt
exec \$b chroot . /bin/busybox sh /out/.vm/guest.sh /dev/tty1 /dev/tty2 </dev/console >/dev/console 2>&1
I
chmod +x "$out/.vm/stage1"

export -f make_disk
export job memory out cpu
# In a PID namespace of its own: none of its processes outlives the first.
# shellcheck disable=SC2016
timeout -k 5 "$limit" unshare --mount --propagation private --pid --fork --kill-child --mount-proc bash -ec '
  mount --bind / "$job/root"
  mount -o remount,bind,ro "$job/root"
  mount --bind "$out" "$job/root$out"
  mount -t tmpfs -o size=$((memory + 2200))m tmpfs "$job/memory"
  make_disk "$job/memory/disk"
  TMPDIR=$job/memory LD_PRELOAD=$job/ptrace.so exec taskset -c "$cpu" \
    linux.uml mem="${memory}M" uml_dir="$job/" umid=guest \
    root=/dev/root rootfstype=hostfs hostfs="$job/root" ro ubd0="$job/memory/disk" init="$out/.vm/stage1" \
    quiet con=null con0=null,fd:1 con1=null,fd:8 con2=null,fd:9 ssl=null' </dev/null >"$job/console" 2>&1 &
started+=($!)
wait $! || :
finish uml.sh
