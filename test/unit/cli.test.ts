import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionsHelp } from '#lib/cli/help.js';
import { OPTIONS } from '#lib/cli/options.js';

test('no two options have the same name or letter', () => {
  const names = OPTIONS.flatMap(({ name, short }) => [name, ...(short === undefined ? [] : [short])]);
  assert.deepEqual(names, [...new Set(names)]);
  for (const name of names) assert.ok(!['help', 'h'].includes(name), name);
});

test('the help names every option, what it takes, and what it does, in lines of 100 letters at most', () => {
  const help = optionsHelp('run');
  for (const { name, value, help: text } of OPTIONS) {
    assert.ok(help.includes(`--${name}${value === undefined ? '' : ` ${value}`}`), name);
    assert.ok(help.replace(/\s+/g, ' ').includes(text), name);
  }
  const options = help.slice(0, help.indexOf('Ends as'));
  assert.deepEqual(
    options.split('\n').filter((line) => line.length > 100),
    [],
  );
});
