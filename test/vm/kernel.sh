# shellcheck shell=bash
# Debian's kernels for cloud machines, fetched once and kept in $cache; sourced by qemu.sh and arm64.sh after common.sh.

# once DIRECTORY FUNCTION ARGUMENT ...: has the directory made by FUNCTION, which is called in an empty one, unless it
# is there already.
once() {
  local wanted=$1
  shift
  mkdir -p "$cache"
  # Two guests may be started at a time.
  exec 7>"$cache/lock"
  flock 7
  if [ ! -d "$wanted" ]; then
    rm -rf "$wanted.new"
    mkdir "$wanted.new"
    (cd "$wanted.new" && "$@")
    mv "$wanted.new" "$wanted"
  fi
  exec 7>&-
}

# dependency PACKAGE [OPTION of apt-cache ...]: the kernel that a meta package stands for.
dependency() { apt-cache "${@:2}" depends "$1" | awk '/Depends: linux-image/ { print $2; exit }'; }

# uncompress_kernel VMLINUZ VMLINUX: started as it is, it is spared its own unpacking, which takes seconds under
# emulation. The payload is where the header says. x86/boot.rst, "payload_offset"
uncompress_kernel() {
  python3 - "$1" payload <<'P'
import struct, sys
image = open(sys.argv[1], 'rb').read()
offset, length = struct.unpack_from('<II', image, 0x248)
start = (image[0x1f1] + 1) * 512
open(sys.argv[2], 'wb').write(image[start + offset:start + offset + length])
P
  # A length follows the compressed data, of which the programs complain.
  case $(head -c 4 payload | od -An -tx1 | tr -d ' ') in
    28b52ffd) zstd -qdc payload ;;
    02214c18) lz4 -dc payload ;;
    fd377a58) xz -dc --single-stream payload ;;
  esac >"$2" 2>/dev/null || :
  rm payload
  [ "$(head -c 4 "$2" | tail -c 3)" = ELF ]
}

# make_initrd RELEASE BUSYBOX MODULE ...: busybox, the modules with what they need, and the file `init` of the current
# directory.
make_initrd() {
  local release=$1 kind file name module
  mkdir -p initrd.d/bin
  cp "$2" initrd.d/bin/busybox
  install -m 755 init initrd.d/init
  shift 2
  depmod -b . "$release"
  for module in "$@"; do
    modprobe -d . -S "$release" --show-depends "$module" >modules || :
    while read -r kind file _; do
      [ "$kind" = insmod ] || continue
      name=$(basename "$file")
      name=${name%%.ko*}.ko
      [ ! -e "initrd.d/$name" ] || continue
      case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac >"initrd.d/$name"
      echo "$name" >>initrd.d/order
    done <modules
  done
  (cd initrd.d && find . | cpio --quiet -o -H newc) >initrd
  rm -rf initrd.d modules init
}

# share NAME DIRECTORY CACHE: a directory for the guest, under a name.
virtiofsd=$(command -v virtiofsd || echo /usr/lib/qemu/virtiofsd)
share() {
  "$virtiofsd" --socket-path="$job/$1.sock" -o source="$2" -o cache="$3" -o sandbox=chroot -o log_level=err \
    >>"$job/virtiofsd.log" 2>&1 &
  started+=($!)
  shares+=("$1")
}
shares=()

# run_machine QEMU OPTION ...: until the guest switches itself off. Fails when it had to be stopped.
run_machine() {
  local options=() name
  for name in "${shares[@]}"; do
    for _ in $(seq 1500); do
      [ ! -S "$job/$name.sock" ] || break
      sleep 0.02
    done
    options+=(-chardev "socket,id=$name,path=$job/$name.sock" -device "vhost-user-fs-pci,chardev=$name,tag=$name")
  done
  make_disk "$job/disk"
  timeout -k 5 "$limit" "$@" -accel tcg,thread=multi -smp "$cpus" -m "$memory" \
    -nodefaults -no-user-config -display none -no-reboot \
    -object memory-backend-memfd,id=memory,size="${memory}M",share=on -numa node,memdev=memory \
    -device virtio-serial-pci \
    -chardev file,id=stdout,path=/dev/fd/8,append=on -device virtserialport,chardev=stdout,name=stdout,nr=1 \
    -chardev file,id=stderr,path=/dev/fd/9,append=on -device virtserialport,chardev=stderr,name=stderr,nr=2 \
    -drive if=none,id=disk,file="$job/disk",format=raw,cache=unsafe -device virtio-blk-pci,drive=disk \
    "${options[@]}" -serial file:"$job/console" </dev/null 2>"$job/qemu.log" &
  started+=($!)
  wait $! || :
}
