# What the guest does once its root file system is there: `guest.sh OUT ERR [SERVICES]`, run by busybox as PID 1 and
# root.
#
# OUT and ERR are the devices of the command's output. With SERVICES, systemd becomes PID 1 and the command a unit of
# it.
out=$1 err=$2 services=${3:-}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
b=/bin/busybox
cgroups=/sys/fs/cgroup

$b mount -t proc -o nosuid,nodev,noexec proc /proc
$b mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
$b mount -t securityfs -o nosuid,nodev,noexec securityfs /sys/kernel/security
$b mount -t cgroup2 -o nsdelegate cgroup2 $cgroups
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
$b mount -t tmpfs -o mode=1777 tmpfs /dev/shm
$b mount -t tmpfs -o mode=755 tmpfs /run
$b ln -sfn /proc/self/fd /dev/fd
for i in 0/stdin 1/stdout 2/stderr; do $b ln -sfn /proc/self/fd/${i%/*} /dev/${i#*/}; done
$b chmod 666 /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
$b chmod 666 /dev/fuse /dev/net/tun 2>/dev/null
# The project may be below /tmp.
case $($b head -n 1 /out/.vm/command) in
  "cd /tmp"*) $b chmod 1777 /tmp ;;
  *) $b mount -t tmpfs -o mode=1777 tmpfs /tmp ;;
esac
for disk in /dev/vda /dev/ubda; do
  if [ -b $disk ]; then $b mount -t ext4 $disk /var/tmp && $b chmod 1777 /var/tmp; fi
done
$b ip link set lo up
$b hostname guest
# As with systemd-coredump and apport.
echo '|/bin/true %P' >/proc/sys/kernel/core_pattern

# virtiofsd keeps a descriptor for every inode that the guest's kernel remembers.
if $b grep -q virtiofs /proc/mounts; then
  while set -- $($b cat /proc/sys/fs/inode-nr); do
    [ "$1" -lt 10000 ] || echo 2 >/proc/sys/vm/drop_caches
    $b usleep 250000
  done &
fi
n=0
while [ ! -e "$err" ] && [ $n -lt 3000 ]; do
  $b usleep 20000
  n=$((n + 1))
done

run='bash /out/.vm/command; echo $? >/out/.vm/status; sync; busybox poweroff -f'
if [ -n "$services" ]; then
  # A user of its own for the manager of user@.service, which asks PAM. Only what a session needs is started.
  echo 'carrel:*:65532:65532::/nonexistent:/bin/sh' >>/etc/passwd
  echo 'carrel:x:65532:' >>/etc/group
  units=/run/systemd/system
  $b mkdir -p $units
  $b touch /etc/.updated /var/.updated
  for unit in /lib/systemd/system/sysinit.target.wants/* /etc/systemd/system/sysinit.target.wants/* \
    systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket systemd-remount-fs.service; do
    $b ln -sfn /dev/null "$units/${unit##*/}"
  done
  {
    printf '[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\nWants=systemd-logind.service\n'
    printf 'After=dbus.socket systemd-logind.service\n'
    printf '[Service]\nType=oneshot\nTimeoutStartSec=infinity\n'
    printf 'StandardOutput=file:%s\nStandardError=file:%s\n' "$out" "$err"
    printf 'ExecStart=-/bin/sh /run/guest-command\n'
  } >$units/carrel-test.service
  # Now, because a mount namespace that is made later would lack its /run/user.
  echo "systemctl start user@65532; $run" >/run/guest-command
  exec /lib/systemd/systemd --unit=carrel-test.service --show-status=no --log-target=kmsg
fi

# As systemd has it: no process is in the root, all controllers are handed down.
for controller in $($b cat $cgroups/cgroup.controllers); do echo "+$controller" >$cgroups/cgroup.subtree_control; done
$b mkdir $cgroups/init
echo $$ >$cgroups/init/cgroup.procs
exec $b sh -c "$run" </dev/null >"$out" 2>"$err"
