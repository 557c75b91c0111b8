/** The codes of errors that are not the kernel's own, in a sentence each: documentation is made from it, and a test holds it to the sources. */

export const CODES: Readonly<Record<`ERR_${string}`, string>> = Object.freeze({
  ERR_CGROUP_UNAVAILABLE:
    'A limit cannot be enforced here, or a container without a cgroup was asked for what only one with it can do. Nothing was started; the hint says what would help.',
  ERR_ENDED: 'Something that only a container that runs can do was asked for after its end.',
  ERR_EXIT:
    'A command ended otherwise than with exit code 0, and `check: true` was asked for. An `ExitError`, which carries the whole result.',
  ERR_HOOK:
    'A function given to `hook()` has thrown, or its promise rejected: that is the `cause`. The container has ended.',
  ERR_INVALID_ARG_TYPE: 'An argument is of the wrong type. A `TypeError`, thrown at the call that got it.',
  ERR_INVALID_ARG_VALUE:
    'An argument cannot be, an option is misspelt, or two exclude each other. A `TypeError`, thrown at the call that got it.',
  ERR_INVALID_PLAN: 'The launcher rejected a plan as malformed, before any act. carrel makes none that it rejects.',
  ERR_LAUNCHER: 'The launcher could not be started: `/proc` is not mounted, or nothing may be executed from memory.',
  ERR_NO_ID_RANGE: 'No range of ids is free for another container.',
  ERR_OUT_OF_RANGE: 'A number is outside its range. A `RangeError`, thrown at the call that got it.',
  ERR_PROTOCOL: 'A supervisor said what is no message. carrel’s own never do; the container has ended.',
  ERR_SUBORDINATE_IDS:
    'An ordinary user cannot map the ids that were asked for: newuidmap, newgidmap, or ids in /etc/subuid and /etc/subgid are missing.',
  ERR_SUPERVISOR: 'The supervisor could not prepare for the container: descriptors or memory are used up.',
  ERR_SUPERVISOR_LOST: 'The launcher or the supervisor was killed before the command ran.',
  ERR_UNKNOWN_GROUP: 'The container’s /etc/group has no such group.',
  ERR_UNKNOWN_USER: 'The container’s /etc/passwd has no such user, or nobody can tell before the container is there.',
  ERR_UNSUPPORTED:
    'carrel cannot start containers here: another system, an architecture without a launcher, no `/proc`.',
});
