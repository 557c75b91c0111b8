/** `resolverFile` says which /etc/resolv.conf a container has whose way out carrel makes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolverFile } from '#lib/compile/resolver.js';
import { Container, file, tmpfs } from '#lib/index.js';

const RESOLVER = { nameservers: ['198.18.0.1', '::1'], lines: ['search example.org'] };
const box = new Container();
const texts = (container: Container): readonly string[] =>
  resolverFile(container.toJSON(), RESOLVER).map(({ content }) => new TextDecoder().decode(content));

describe('resolverFile', () => {
  test('names the resolvers in their order, and says no more than it is given', () => {
    assert.deepEqual(texts(box), ['nameserver 198.18.0.1\nnameserver ::1\nsearch example.org\n']);
    const [step] = resolverFile(box.toJSON(), { nameservers: ['198.18.0.1'] });
    assert.equal(new TextDecoder().decode(step?.content), 'nameserver 198.18.0.1\n');
    assert.equal(step?.target, '/etc/resolv.conf');
  });

  test('leaves alone what a mount of the caller’s has', () => {
    assert.deepEqual(texts(box.mount(file('/etc/resolv.conf', 'nameserver 127.0.0.1\n'))), []);
    assert.deepEqual(texts(box.mount(tmpfs('/etc'))), []);
    assert.equal(texts(box.mount(tmpfs('/srv'))).length, 1);
  });

  test('writes nothing where the files are the host’s', () => {
    assert.deepEqual(texts(box.namespaces(['user', 'network'])), []);
  });
});
