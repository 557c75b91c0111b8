/** `explain()` prints a plan in two columns, a line for every step. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_CAPABILITIES } from '#lib/definition/capabilities.js';
import { bind, Container, type Plan, tmpfs } from '#lib/index.js';
import { explain } from '#lib/plan/explain.js';
import { describe as sentence } from '#lib/plan/sentences.js';
import { explain as explainAny } from '#lib/plan.js';

/** Where the right column begins. */
const RIGHT = 44;

const small: Plan = {
  before: [{ op: 'fchown', slot: 0, uid: 1610612736, gid: 1610612736 }],
  clone: ['user', 'mount', 'pid', 'network'],
  steps: [
    {
      op: 'barrier',
      acts: [
        { op: 'setUidMap', ranges: [0, 1610612736, 65536] },
        { op: 'openTree', slot: 1, source: '/srv/my box', recursive: true, nofollow: false },
        { op: 'idmap', slot: 1 },
      ],
      hook: false,
    },
    { op: 'propagation', target: '/', type: 'private' },
    { op: 'bind', slot: 1, target: '/', attributes: ['nosuid', 'nodev'], recursive: true, create: false },
    {
      op: 'mount',
      type: 'tmpfs',
      target: '/tmp',
      options: ['mode=1777', 'size=64m'],
      attributes: ['nosuid'],
      nofollow: false,
      own: true,
    },
    { op: 'file', target: '/etc/hosts', mode: 0o644, content: new Uint8Array(20) },
    { op: 'mask', target: '/proc/kcore' },
    { op: 'pivotRoot' },
    { op: 'init' },
    { op: 'setUser', uid: 1000, gid: 100 },
    {
      op: 'setCapabilities',
      bounding: ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'],
      effective: [],
      permitted: [],
      inheritable: [],
      ambient: [],
    },
    { op: 'exec', paths: ['/bin/sh'], args: ['sh', '-c', "echo it's; ls"], env: [], stdio: [0] },
  ],
  after: [],
  slots: ['stdin', '/srv/my box'],
  received: 1,
  kept: 0,
  detached: false,
  timeoutMs: 2000,
  timeoutSignal: 9,
};

const GOLDEN = `\
host (supervisor)                           container (child)
fchown the pipe in slot 0 to
  1610612736:1610612736
clone3 NEWUSER|NEWNS|NEWPID|NEWNET
                                            barrier 0: waits
uid_map 0 → 1610612736 × 65536
open_tree '/srv/my box' into slot 1
idmap slot 1 to the container's ids
                                            make / private, recursively
                                            bind slot 1 on /, nosuid nodev
                                            mount tmpfs on /tmp, nosuid (mode=1777,size=64m)
                                            write /etc/hosts 0644 (20 bytes)
                                            mask /proc/kcore
                                            pivotRoot, and the old root is gone
                                            init: PID 1 stays to reap and forward signals, its child goes on
                                            setresuid 1000, setresgid 100
                                            capabilities none (bounding chown net_bind_service)
                                            exec sh -c 'echo it'\\''s; ls'
after 2000 ms: signal 9
`;

describe('explain', () => {
  test('shows what the host does on the left, what the container does on the right', () => {
    assert.equal(explain(small), GOLDEN);
  });

  test('of a list that is served: a line for every step, in one column', () => {
    const slot = 5;
    const list = [
      { op: 'open', slot, path: '/tmp/my notes', kind: 'file', flags: [], nofollow: false, mode: 0 },
      { op: 'pread', slot, offset: 0, length: 10 },
      { op: 'close', slot },
    ] as const;
    assert.equal(
      explainAny(list),
      [
        'container (server)',
        "open the file '/tmp/my notes' into slot 5",
        'read up to 10 bytes of slot 5 from 0 on',
        'close slot 5',
        '',
      ].join('\n'),
    );
    const [open] = list;
    assert.throws(() => explainAny([{ ...open, slot: -1 }]), /value\[0\]\.slot/);
    assert.throws(
      () => explainAny([open, { op: 'init' } as never]),
      /value\[1\]\.op must be one of .*Received string 'init'/,
    );
  });

  test('numbers the barriers', () => {
    const text = explain({
      ...small,
      steps: [{ op: 'barrier', acts: [], hook: false }, { op: 'init' }, { op: 'barrier', acts: [], hook: false }],
    });
    assert.match(text, /barrier 0: waits.*barrier 1: waits/s);
  });

  test('says so where nothing is new, and what comes after the end', () => {
    const text = explain({ ...small, clone: [], after: [{ op: 'denySetgroups' }] });
    assert.match(text, /^clone3 without new namespaces$/m);
    assert.match(text, /^after exit: setgroups deny$/m);
  });

  const boxes: Readonly<Record<string, Container>> = {
    'the default container': new Container(),
    'one with a root filesystem': new Container().rootfs('/srv/box').readonly().user(0),
    'one with mounts': new Container().mount(tmpfs('/a', { size: '1m' }), bind('/srv', '/a/b')),
    'one without init': new Container().init(false),
  };
  for (const [name, box] of Object.entries(boxes)) {
    for (const terminal of [false, true]) {
      test(`${name}${terminal ? ' with a terminal' : ''}: a line for every step, in their order`, () => {
        const options = { terminal, timeout: 1000 };
        const plan = box.plan('ls', ['-la'], options);
        const expected = [
          ...plan.before.map(sentence),
          'clone3',
          ...plan.steps.flatMap((step) =>
            step.op === 'barrier' ? ['barrier', ...step.acts.map(sentence)] : [sentence(step)],
          ),
          'after 1000 ms',
          ...plan.after.map((step) => `after exit: ${sentence(step)}`),
        ];
        const lines = rows(box.explain('ls', ['-la'], options)).slice(1);
        assert.equal(lines.length, expected.length);
        expected.forEach((text, index) => {
          assert.ok(lines[index]?.startsWith(text), `line ${index}: ${lines[index]} for ${text}`);
        });
      });
    }
  }

  test('no line is wider than the page, where words are not', () => {
    const names = DEFAULT_CAPABILITIES;
    const text = explain({
      ...small,
      steps: [
        { op: 'setCapabilities', bounding: names, effective: [], permitted: names, inheritable: [], ambient: [] },
      ],
    });
    for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
    assert.ok(rows(text).some((line) => names.every((name) => line.includes(name.slice(4).toLowerCase()))));
  });
});

/** The rows of a text, each as one line: what was too long for its column goes on indented. */
function rows(text: string): readonly string[] {
  const joined: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const column = line.startsWith(' '.repeat(RIGHT)) ? line.slice(RIGHT) : line;
    if (column.startsWith('  ')) joined.push(`${joined.pop()} ${column.trim()}`);
    else joined.push(column);
  }
  return joined;
}
