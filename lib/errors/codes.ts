/**
 * The codes of errors that are not the kernel's own, in a sentence or two each. The documentation follows from it, and
 * a test compares it with the sources.
 */

export const CODES: Readonly<Record<`ERR_${string}`, string>> = Object.freeze({
  ERR_ARCHIVE_INVALID:
    'What `files.unpack()` was given is no tar archive, is compressed or damaged, or ends before its end.',
  ERR_CGROUP_UNAVAILABLE:
    'This host cannot enforce a limit, and nothing was started. Or a call needs a cgroup, and this container has ' +
    'none. ' +
    'The hint says what would help.',
  ERR_ENDED: 'A call that needs a running container came after its end.',
  ERR_EXIT:
    'With `check: true`, a command did not end with exit code 0, or wrote more than `maxOutput`. ' +
    'An `ExitError`, which carries the whole result.',
  ERR_FS_CP_DIR_TO_NON_DIR: 'A copy would have replaced something else by a directory. Node has this code too.',
  ERR_FS_CP_NON_DIR_TO_DIR: 'A copy would have replaced a directory by something else. Node has this code too.',
  ERR_FS_EISDIR: '`files.rm()` of a directory, without `recursive`. Node has this code too.',
  ERR_FS_FILE_TOO_LARGE: 'A file, or what is copied, has more bytes than are read, or a directory more entries.',
  ERR_HOOK: 'A function of `hook()` threw, or its promise rejected: that is the `cause`. The container has ended.',
  ERR_INVALID_ARG_TYPE: 'An argument is of the wrong type. A `TypeError`, thrown at the call that got it.',
  ERR_INVALID_ARG_VALUE:
    'An argument has an impossible value, an option is misspelt, or two exclude each other. ' +
    'A `TypeError`, thrown at the call that got it.',
  ERR_INVALID_PLAN: 'The launcher rejected a plan as malformed, before any act. carrel itself makes no such plan.',
  ERR_LABEL_UNAVAILABLE:
    'This host has no AppArmor for `apparmor()`, or no SELinux for `selinux()`, and nothing was started.',
  ERR_LANDLOCK_UNAVAILABLE:
    'This kernel cannot refuse what `landlock()` has to refuse, and nothing was started. ' +
    'The message says which Linux can.',
  ERR_LAUNCHER:
    'The launcher could not start: the hint says what of `/proc`, `/dev/null`, limits or permissions is in the way. ' +
    'Or it could not be asked: this user has too many descriptors under way in sockets, or it is stopped. ' +
    'Or the file that `CARREL_LAUNCHER` names is no launcher of this version that only root or you can change.',
  ERR_NO_ID_RANGE: 'No range of ids is free for another container, or there is no place to lock one.',
  ERR_NOT_READY:
    'A container did not become ready by the conditions of `start()` or `waitFor()`: it ended, the time was up, or a ' +
    'condition failed. A `ReadyError`, which says what was still waited for, and carries the end of the output.',
  ERR_OUTBOUND:
    "Neither pasta nor slirp4netns, which `network('outbound')` needs, is in the PATH, and nothing was started. " +
    'The hint names the packages.',
  ERR_OUT_OF_RANGE: 'A number is outside its range. A `RangeError`, thrown at the call that got it.',
  ERR_POOL_CLOSED: 'A call of a pool came after its `close()`, or still waited for a container then.',
  ERR_PROTOCOL:
    'A supervisor said what is no message. carrel’s own never do; all containers of this thread have ended, ' +
    'but for detached ones.',
  ERR_SUBORDINATE_IDS:
    'An ordinary user cannot map these ids: newuidmap, newgidmap, or ids in /etc/subuid and /etc/subgid are missing.',
  ERR_SUPERVISOR: 'The supervisor could not prepare for the container: it found no free descriptors, or no memory.',
  ERR_SUPERVISOR_LOST: 'The launcher or the supervisor was killed before the command ran.',
  ERR_TIMEOUT: 'The time of a call is up, and what it was to do has not happened, or not all of it.',
  ERR_UNKNOWN_GROUP: 'The container’s /etc/group has no such group.',
  ERR_UNKNOWN_USER:
    'The container’s /etc/passwd has no such user, or carrel cannot read it before the container exists.',
  ERR_UNSUPPORTED:
    'carrel cannot start containers here: another system, an architecture without a launcher, no `/proc`, ' +
    'or a bundler that has copied carrel without its native module.',
});
