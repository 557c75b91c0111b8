/** Every function of `carrel/syscalls` checks its arguments before the kernel is asked. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as syscalls from 'carrel/syscalls';

/** Calls that must not get as far as the kernel: with what, and what the error says. */
const WRONG: Readonly<
  Record<string, readonly (readonly [args: readonly unknown[], name: 'TypeError' | 'RangeError', says: string])[]>
> = {
  mount: [
    [[undefined, '/'], 'TypeError', 'source must be'],
    [['x', 3], 'TypeError', 'target must be'],
    [['x', 'a\0b'], 'TypeError', 'target must be a string without NUL'],
    [['x', new URL('http://host/x')], 'TypeError', 'target must be a path or a file: URL'],
    [['x', '/', { flag: [] }], 'TypeError', 'Did you mean "flags"?'],
    [['x', '/', { flags: ['bound'] }], 'TypeError', 'flags[0] must be one of'],
    [['x', '/', { flags: 'bind' }], 'TypeError', 'flags must be an array'],
    [['x', '/', { type: 1 }], 'TypeError', 'type must be a string'],
    [['x', '/', { data: 'x'.repeat(4096) }], 'RangeError', 'data must be at most 4095 bytes long'],
    [['x', '/', { data: 'ä'.repeat(2048) }], 'RangeError', 'data must be at most 4095 bytes long'],
    [['x', '/', null], 'TypeError', 'mount() must be an object'],
  ],
  unmount: [
    [[1], 'TypeError', 'target must be'],
    [['/', ['lazy']], 'TypeError', 'flags[0] must be one of "force", "detach", "expire", "nofollow"'],
  ],
  pivotRoot: [
    [[null, '/'], 'TypeError', 'newRoot must be'],
    [['/', 0], 'TypeError', 'putOld must be'],
  ],
  chroot: [[[7], 'TypeError', 'path must be']],
  fsopen: [[[7], 'TypeError', 'type must be']],
  fspick: [
    [[-1], 'RangeError', 'place must be a whole number from 0 to 2147483647'],
    [[{ dirfd: 3 }], 'TypeError', 'place.path must be a string'],
    [[{ path: 'x' }], 'TypeError', 'place.dirfd must be a number'],
    [[{ dirfd: 3, path: 'x', flags: [] }], 'TypeError', 'place has no option "flags"'],
    [[null], 'TypeError', 'place must be a path, a descriptor or an object'],
    [['/', ['clone']], 'TypeError', 'flags[0] must be one of'],
  ],
  fsconfig: [
    [['3', { command: 'create' }], 'TypeError', 'context must be a number'],
    [[3, 'create'], 'TypeError', 'command must be an object'],
    [[3, { command: 'make' }], 'TypeError', 'command must be one of "setFlag"'],
    [[3, { command: 'create', key: 'x' }], 'TypeError', 'has no option "key"'],
    [[3, { command: 'setFlag', key: 'x', value: 'y' }], 'TypeError', 'has no option "value"'],
    [[3, { command: 'setFlag' }], 'TypeError', 'key must be a string'],
    [[3, { command: 'setString', key: 'x', value: 3 }], 'TypeError', 'value must be a string'],
    [[3, { command: 'setFd', key: 'x', value: 'y' }], 'TypeError', 'value must be a number'],
    [[3, { command: 'setFd', key: 'x', value: -1 }], 'RangeError', 'value must be a whole number'],
  ],
  fsmount: [
    [[3.5], 'RangeError', 'context must be a whole number'],
    [[3, { attributes: ['noatime'] }], 'TypeError', 'attributes[0] must be one of'],
    [[3, { atime: 'seldom' }], 'TypeError', 'atime must be one of "relatime", "noatime", "strictatime"'],
  ],
  openTree: [[['/', ['recurse']], 'TypeError', 'flags[0] must be one of']],
  moveMount: [
    [[undefined, '/'], 'TypeError', 'from must be'],
    [['/', undefined], 'TypeError', 'to must be'],
    [['/', '/', ['symlinks']], 'TypeError', 'flags[0] must be one of'],
  ],
  mountSetattr: [
    [['/', undefined], 'TypeError', 'mountSetattr() must be an object'],
    [['/', { set: ['noatime'] }], 'TypeError', 'set[0] must be one of'],
    [['/', { set: ['nodev', 'nosuid'], clear: ['nodev'] }], 'TypeError', 'an attribute is in both set and clear'],
    [['/', { propagation: 'public' }], 'TypeError', 'propagation must be one of'],
    [['/', { idmap: '/proc/1/ns/user' }], 'TypeError', 'idmap must be a number'],
    [['/', { recursive: 1 }], 'TypeError', 'recursive must be true or false'],
    [['/', { recusive: true }], 'TypeError', 'Did you mean "recursive"?'],
  ],
  openat2: [
    [[3], 'TypeError', 'place must be a path or an object'],
    [['/', { access: 'r' }], 'TypeError', 'access must be one of "rdonly", "wronly", "rdwr"'],
    [['/', { flags: ['create'] }], 'TypeError', 'flags[0] must be one of'],
    [['/', { flags: ['creat'], mode: 0o10000 }], 'RangeError', 'mode must be a whole number from 0 to 4095'],
    [['/', { resolve: ['inside'] }], 'TypeError', 'resolve[0] must be one of "noXdev"'],
  ],
  unshare: [
    [['mount'], 'TypeError', 'what must be an array'],
    [[['mnt']], 'TypeError', 'what[0] must be one of'],
  ],
  setns: [
    [['/proc/1/ns/net'], 'TypeError', 'descriptor must be a number'],
    [[3, ['fs']], 'TypeError', 'namespaces[0] must be one of'],
  ],
  setHostname: [
    [[undefined], 'TypeError', 'name must be a string'],
    [['x'.repeat(65)], 'RangeError', 'name must be at most 64 bytes long'],
  ],
  setDomainname: [[['a\0b'], 'TypeError', 'name must be a string without NUL']],
  capget: [
    [[0], 'RangeError', 'thread must be a whole number from 1 to 4194304'],
    [['1'], 'TypeError', 'thread must be a number'],
  ],
  capset: [
    [[[]], 'TypeError', 'sets must be an object'],
    [[{ effective: [], permitted: [] }], 'TypeError', 'inheritable must be an array'],
    [[{ effective: ['chown'], permitted: [], inheritable: [] }], 'TypeError', 'effective[0] must be one of'],
    [[{ effective: [], permitted: [], inheritable: [], ambient: [] }], 'TypeError', 'sets has no option "ambient"'],
  ],
  capbsetRead: [[['CAP_NONE'], 'TypeError', 'capability must be one of']],
  capbsetDrop: [[[0], 'TypeError', 'capability must be a string']],
  capAmbientIsSet: [[['kill'], 'TypeError', 'capability must be one of']],
  capAmbientRaise: [[[undefined], 'TypeError', 'capability must be a string']],
  capAmbientLower: [[[''], 'TypeError', 'capability must be one of']],
  setresuid: [
    [[0], 'TypeError', 'ids must be an object'],
    [[{ effective: -1 }], 'RangeError', 'ids.effective must be a whole number from 0 to 4294967294'],
    [[{ effective: 4_294_967_295 }], 'RangeError', 'ids.effective must be a whole number'],
    [[{ uid: 0 }], 'TypeError', 'ids has no option "uid"'],
  ],
  setresgid: [[[{ real: '0' }], 'TypeError', 'ids.real must be a number']],
  setgroups: [
    [[5], 'TypeError', 'groups must be an array'],
    [[[5, -1]], 'RangeError', 'groups[1] must be a whole number'],
    [[Array.from({ length: 65_537 }, () => 0)], 'RangeError', 'groups must be at most 65536 ids'],
  ],
  pidfdOpen: [
    [[0], 'RangeError', 'pid must be a whole number from 1 to 4194304'],
    [[1, ['nonblocking']], 'TypeError', 'flags[0] must be one of "nonblock", "thread"'],
  ],
  pidfdSendSignal: [
    [['1', 0], 'TypeError', 'pidfd must be a number'],
    [[3, 'KILL'], 'TypeError', 'signal must be a signal such as "SIGTERM"'],
    [[3, 65], 'RangeError', 'signal must be a whole number from 1 to 64'],
  ],
  pidfdGetfd: [[[3, -1], 'RangeError', 'descriptor must be a whole number']],
  setDumpable: [[[1], 'TypeError', 'dumpable must be true or false']],
  setChildSubreaper: [[[undefined], 'TypeError', 'subreaper must be true or false']],
  setKeepCapabilities: [[['yes'], 'TypeError', 'keep must be true or false']],
  setParentDeathSignal: [
    [[undefined], 'TypeError', 'signal must be a string'],
    [[0], 'RangeError', 'signal must be a whole number from 1 to 64'],
  ],
};

const NO_ARGUMENTS = [
  'capAmbientClearAll',
  'getChildSubreaper',
  'getDumpable',
  'getKeepCapabilities',
  'getNoNewPrivileges',
  'getParentDeathSignal',
  'setNoNewPrivileges',
];

for (const [name, cases] of Object.entries(WRONG)) {
  describe(`${name} refuses`, () => {
    for (const [args, kind, says] of cases) {
      test(`${says}`, () => {
        const call = (syscalls as unknown as Record<string, (...given: readonly unknown[]) => unknown>)[name];
        assert.ok(call);
        const code = kind === 'RangeError' ? /^ERR_OUT_OF_RANGE$/ : /^ERR_INVALID_ARG_(TYPE|VALUE)$/;
        assert.throws(
          () => call(...args),
          (error: NodeJS.ErrnoException) => {
            assert.equal(error.name, kind, error.message);
            assert.match(error.code ?? '', code);
            assert.ok(error.message.includes(says), error.message);
            return true;
          },
        );
      });
    }
  });
}

test('every function that takes arguments checks them', () => {
  assert.deepEqual(Object.keys(syscalls).sort(), [...Object.keys(WRONG), ...NO_ARGUMENTS].sort());
});
