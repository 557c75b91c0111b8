/** What labels of security modules are: what is taken, and what is refused. */

import type { Option } from './options.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const LONG = 'x'.repeat(3990);
const same = (...labels: readonly string[]): Option['right'] => labels.map((label) => [label, label]);

export const LABEL_OPTIONS: Readonly<Record<'apparmor' | 'selinux', Option>> = {
  apparmor: {
    unset: undefined,
    right: same('unconfined', 'a b', '&carrel', ':ns:one//two', '/usr/bin/x', 'a//&b', 'ä', LONG, 'x'.repeat(4000)),
    wrong: [
      [1, TYPE],
      [['a'], TYPE],
      ['', VALUE],
      [' a', VALUE],
      ['a\t', VALUE],
      ['a\n', VALUE],
      ['a\nexec b', VALUE],
      ['a\u007f', VALUE],
      ['a\0', VALUE],
      ['x'.repeat(4001), VALUE],
      // Bytes count.
      ['ä'.repeat(2001), VALUE],
    ],
  },
  selinux: {
    unset: undefined,
    right: same('u:r:t', 'system_u:system_r:container_t:s0:c1,c2', 'u:r:t:s0-s0:c0.c1023', `u:r:${LONG}`),
    wrong: [
      [1, TYPE],
      [{ type: 't' }, TYPE],
      ['', VALUE],
      ['t', VALUE],
      ['u:r', VALUE],
      ['u:r:', VALUE],
      ['u:r:t:', VALUE],
      [':r:t', VALUE],
      ['u:r:t s0', VALUE],
      ['u:r:t\n', VALUE],
      ['u:r:t\0', VALUE],
      ['u:r:t\u0001', VALUE],
      [`u:r:${LONG}${LONG}`, VALUE],
    ],
  },
};
