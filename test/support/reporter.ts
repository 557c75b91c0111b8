/** A reporter for `node --test` that writes one JSON line for each test, for the runner to count and compare. */

import { relative } from 'node:path';
import { checkout } from './sources.js';

/** One test that ended. A suite counts only when it is skipped as a whole. */
export interface TestRecord {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Below the test directory, as in the sources. */
  readonly file: string;
  /** With the names of the suites around it. */
  readonly name: string;
  readonly reason?: string;
}

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly nesting: number;
    readonly file?: string;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly details?: { readonly type?: string };
  };
}

export default async function* records(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      names.length = data.nesting;
      names.push(data.name);
    } else if (type === 'test:pass' || type === 'test:fail') {
      const outcome = outcomeOf(type, data);
      if (outcome === undefined) continue;
      const record: TestRecord = {
        outcome,
        file: sourceOf(data.file ?? data.name),
        name: [...names.slice(0, data.nesting), data.name].join(' > '),
        ...(outcome === 'skipped' && { reason: reasonOf(data) }),
      };
      yield `${JSON.stringify(record)}\n`;
    }
  }
}

/** Node names the compiled file or its source, as source maps are known or not. */
function sourceOf(file: string): string {
  return relative(checkout, file)
    .replace(/^(build\/)?test\//, '')
    .replace(/\.js$/, '.ts');
}

function outcomeOf(type: string, data: TestEvent['data']): TestRecord['outcome'] | undefined {
  if (isSet(data.skip) || isSet(data.todo)) return 'skipped';
  if (type === 'test:fail') return 'failed';
  // A file that has no test is reported as a test of its own name.
  return data.details?.type === 'suite' || data.name === data.file ? undefined : 'passed';
}

function reasonOf({ skip, todo }: TestEvent['data']): string {
  const reason = isSet(skip) ? skip : todo;
  return `${isSet(skip) ? '' : 'todo, '}${typeof reason === 'string' && reason ? reason : 'no reason given'}`;
}

/** Given with a reason, or as `true`. Node reports an empty reason for `{ skip: true }`. */
function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}
