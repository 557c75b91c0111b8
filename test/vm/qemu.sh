#!/usr/bin/env bash
# qemu.sh [-k 6.1|6.12] [-c CPUS] [-s] and the options of common.sh: a command on a stock Debian kernel with every
# controller, emulated.
# The root file system is this machine's, read only (virtiofs), below a throw-away overlay. -k: the kernel's series;
# 6.12 unless told. -s: systemd is PID 1, the command a unit of it, and there is a user 65532 who may have a session.
# Debian packages: qemu-system-x86 busybox-static e2fsprogs python3 kmod cpio zstd lz4 xz-utils; for -s systemd dbus
# libpam-systemd dbus-user-session
OWN_OPTIONS=k:c:s
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$here/kernel.sh"

series=6.12 cpus=2 services=''
own_option() {
  case $1 in
    k) series=$2 ;;
    c) cpus=$2 ;;
    s) services=services ;;
  esac
}
parse_options "$@"

make_kernel() {
  local package release
  case $1 in 6.1) package=linux-image-cloud-amd64 ;; *) package=linux-image-$1-cloud-amd64 ;; esac
  apt-get -qq -o APT::Sandbox::User=root download "$(dependency "$package")"
  dpkg -x ./*.deb .
  rm ./*.deb
  release=$(ls lib/modules)
  uncompress_kernel "boot/vmlinuz-$release" vmlinux
  cat >init <<'I'
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /lower /rw /new
$b mount -t devtmpfs devtmpfs /dev
$b mount -t proc proc /proc
while read -r module; do $b insmod /$module; done </order
$b mount -t virtiofs root /lower && $b mount -t tmpfs tmpfs /rw && $b mkdir /rw/upper /rw/work &&
  $b mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /new || $b poweroff -f
case $($b cat /proc/cmdline) in *carrel.services*) services=services ;; *) services= ;; esac
$b umount /proc
$b mount --move /dev /new/dev
$b mkdir -p /new/out
$b mount -t virtiofs out /new/out
exec $b switch_root /new /bin/busybox sh /out/.vm/guest.sh /dev/vport0p1 /dev/vport0p2 $services
I
  mkdir -p dev # mounted over in the initrd, which has one from the kernel
  make_initrd "$release" "$(command -v busybox)" virtio_pci virtio_console virtio_blk virtiofs overlay veth
  rm -rf boot usr dev
}

# Another name where other modules are in it.
kernel=$cache/$series-veth
once "$kernel" make_kernel "$series"
begin_job
mkdir "$job/root"
export virtiofsd job
# shellcheck disable=SC2016
unshare --mount --propagation private bash -ec '
  mount --bind / "$job/root"
  mount -o remount,bind,ro "$job/root"
  exec "$virtiofsd" --socket-path="$job/root.sock" -o source="$job/root" -o cache=always \
    -o sandbox=chroot -o log_level=err' \
  >>"$job/virtiofsd.log" 2>&1 &
started+=($!)
shares+=(root)
share out "$out" none
run_machine qemu-system-x86_64 -M pc -cpu max -kernel "$kernel/vmlinux" -initrd "$kernel/initrd" \
  -append "console=ttyS0 quiet panic=-1 mitigations=off${services:+ carrel.services}"
finish qemu.sh
