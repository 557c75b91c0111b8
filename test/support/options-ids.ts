/** Options of a definition about ids: values that are taken, what becomes of them, and what is refused. */

import type { DefinitionInput } from 'carrel';
import type { Option } from './options.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const numbers = (uid: number, gid: number): object => ({ uid, gid });
const mapping = (containerID: number, hostID: number, size: number): object => ({ containerID, hostID, size });
const both = (...list: readonly object[]): object => ({ uid: list, gid: list });
/** As many ranges as asked for, short enough for the kernel. */
export const ranges = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => mapping(index, 1000 + index, 1));
const wide = Array.from({ length: 340 }, (_, index) => mapping(index, 1_000_000_000 + index, 1));

export const ID_OPTIONS = {
  idmap: {
    unset: 'auto',
    right: [
      ['auto', 'auto'],
      ['subuid', 'subuid'],
      [
        { uid: 1000, gid: 100 },
        { uid: 1000, gid: 100 },
      ],
      [both(mapping(0, 1000, 1)), both(mapping(0, 1000, 1))],
      [both(mapping(7, 1000, 1)), both(mapping(7, 1000, 1))],
      [both(mapping(5, 9, 2), mapping(0, 4, 5)), both(mapping(5, 9, 2), mapping(0, 4, 5))],
      [both(mapping(0, 4294967294, 1)), both(mapping(0, 4294967294, 1))],
      [both(...ranges(340)), both(...ranges(340))],
    ],
    wrong: [
      ['none', VALUE],
      [true, TYPE],
      [[], TYPE],
      [{}, TYPE],
      [{ uid: 1 }, TYPE],
      [{ uid: 1, gid: [] }, TYPE],
      [{ uid: -1, gid: 1 }, RANGE],
      [{ uid: 1, gid: 4294967295 }, RANGE],
      [{ uid: [], gid: [] }, VALUE],
      [{ uid: 1, gid: 1, size: 1 }, VALUE],
      [both({ containerID: 0, hostID: 0 }), TYPE],
      [both({ containerId: 0, hostID: 0, size: 1 }), VALUE],
      [both(mapping(0, 0, 0)), RANGE],
      [both(mapping(-1, 0, 1)), RANGE],
      [both(mapping(0, 0.5, 1)), RANGE],
      [both(mapping(0, 1, 4294967295)), RANGE],
      [both(mapping(0, 0, 2), mapping(1, 5, 1)), VALUE],
      [both(mapping(0, 0, 2), mapping(5, 1, 1)), VALUE],
      [both(mapping(1, 0, 2)), VALUE],
      [both(...ranges(341)), VALUE],
      [both(...wide), VALUE],
    ],
  },
  user: {
    unset: { uid: 0, gid: 0 },
    right: [
      [0, numbers(0, 0)],
      [1000, numbers(1000, 1000)],
      ['1', numbers(1, 1)],
      ['1:2', numbers(1, 2)],
      ['0', numbers(0, 0)],
      ['4294967294', numbers(4294967294, 4294967294)],
      [{ uid: 1, gid: 2 }, numbers(1, 2)],
      [
        { uid: 1, gid: 2, additionalGids: [3, 4, 3] },
        { uid: 1, gid: 2, additionalGids: [3, 4] },
      ],
      ['name', { name: 'name' }],
      ['name:group', { name: 'name', group: 'group' }],
      ['_apt', { name: '_apt' }],
      ['systemd-network', { name: 'systemd-network' }],
      ['host$', { name: 'host$' }],
      ['1:name', { name: 1, group: 'name' }],
      ['name:1', { name: 'name', group: 1 }],
      [{ name: 'name' }, { name: 'name' }],
      [
        { name: 'name', group: 7, additionalGids: [] },
        { name: 'name', group: 7, additionalGids: [] },
      ],
      [
        { name: 1, group: 'name' },
        { name: 1, group: 'name' },
      ],
    ],
    wrong: [
      // Texts that other runtimes took for root, CVE-2026-30892.
      [':2', VALUE],
      ['-1', VALUE],
      ['4294967295', RANGE],
      ['4294967296', RANGE],
      ['1x', VALUE],
      ['', VALUE],
      ['1:', VALUE],
      ['name:', VALUE],
      ['name:-1', VALUE],
      ['name:4294967295', RANGE],
      ['name:1x', VALUE],
      ['1:4294967295', RANGE],
      ['1:2:3', VALUE],
      ['a:b:c', VALUE],
      [':', VALUE],
      [' 1', VALUE],
      ['1\n', VALUE],
      ['name\n', VALUE],
      ['na me', VALUE],
      ['name\0', VALUE],
      ['../x', VALUE],
      ['+', VALUE],
      ['0x1', VALUE],
      ['1e3', VALUE],
      ['99999999999', RANGE],
      [-1, RANGE],
      [1.5, RANGE],
      [Number.NaN, RANGE],
      [4294967295, RANGE],
      [1n, TYPE],
      [true, TYPE],
      [[1, 2], TYPE],
      [{ uid: 1 }, TYPE],
      [{ uid: '1', gid: 1 }, TYPE],
      [{ uid: 1, gid: -1 }, RANGE],
      [{ uid: 1, gid: 1, group: 'x' }, VALUE],
      [{ uid: 1, gid: 1, additionalGids: 5 }, TYPE],
      [{ uid: 1, gid: 1, additionalGids: ['x'] }, TYPE],
      [{ uid: 1, gid: 1, additionalGids: [-1] }, RANGE],
      [{ uid: 1, gid: 1, additionalGids: Array.from({ length: 257 }, (_, index) => index) }, RANGE],
      [{ name: 1 }, VALUE],
      [{ name: '' }, VALUE],
      [{ name: 'x', group: true }, TYPE],
      [{ name: 'x', gid: 1 }, VALUE],
    ],
  },
} as const satisfies Readonly<Partial<Record<keyof DefinitionInput, Option>>>;
