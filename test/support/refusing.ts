/**
 * Has the system calls of containers refused, one in each: `refusing.js DIRECTORY all|each`, under meddler.c.
 *
 * `each` refuses as many as it takes to have one of every step, and one of every kind of step by every error. `all`
 * refuses every call by every error. Whatever is not as it should be is an error; prints which steps were refused.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:os';
import { errorName } from '#lib/errors/numbers.js';
import { CarrelError, Container, type ContainerProcess, type ExitStatus, StepError } from '#lib/index.js';
import { makeSpares } from '#lib/launch/launcher.js';
import { syscallName } from '#lib/seccomp/syscalls.js';
import { callsOf, type Hit, hit, holdings, holdsAgain, inTime, order, type Role } from './meddler.js';
import { STARTS, STAYING, startOther, startStaying } from './scenarios.js';
import { until } from './waiting.js';

const [directory = '', extent] = process.argv.slice(2);
/** No call is expected to give it, and so none is forgiven it. */
const EIO = 5;
/** What a machine short of something says, a right among them; and what a signal does. */
const OTHERS = ['EPERM', 'ENOMEM', 'ENOSPC', 'EMFILE', 'EINTR'] as const;
/**
 * Kinds of steps without a call that can be refused: umask(2) cannot, omit, endFrozen and endDescendants make none, and
 * what cannot be read is not told.
 */
const UNREFUSED = ['omit', 'umask', 'endFrozen', 'endDescendants', 'readCounter'];
const NEVER = 1_000_000_000;
/** How many calls of a kind of step are tried for each error. */
const SPOTS_MOST = 4;
/** How far from a call that was refused before the next is looked for. */
const FAR = 20;
// The calls that are counted are those of one container, from its fork on.
makeSpares(false);
const box = new Container();
/**
 * Kinds of steps that were refused in the scenarios so far: the first is for every step, the others for what it lacks,
 * once of each kind. How often a supervisor tries to remove a cgroup depends on who is faster.
 */
const kinds = new Set<string>(UNREFUSED);
/** `OP ERROR`: kinds of steps with each error that a call of theirs has met. */
const crossed = new Set<string>();
/** What came of refused calls that no step has told, and how often. */
const besides = new Map<string, number>();

/** Where a refused step stands, in the order of events. */
interface Place {
  readonly list: string;
  readonly index: number;
  readonly act: number;
  readonly op: string;
}

export interface Refused {
  readonly scenario: string;
  /** `LIST INDEX ACT OP` of the steps that were to be refused, and of those that were. */
  readonly wanted: readonly string[];
  readonly refused: readonly string[];
  readonly runs: number;
  /** `OP ERROR` of all scenarios so far. */
  readonly crossed: readonly string[];
  /** How it went, for who has to find out. */
  readonly said: string;
}

/** A call of a container. */
interface Spot {
  readonly role: Role;
  readonly at: number;
}

async function refuseAll(scenario: string, start: () => ContainerProcess): Promise<Refused> {
  // All that the launcher has is the supervisor of the other container, which runs, once those of the containers before
  // are reaped.
  await inTime(() => holdings(), idle());
  const before = holdings();
  const seen = new Map<string, Place>();
  const spots = new Map<string, readonly Spot[]>();
  let runs = 0;
  let missed = 0;

  /** The place of the step whose call it was; `undefined` where the call may be refused, or is made again. */
  const refuse = async ({ role, at }: Spot, errno: number): Promise<Place | undefined> => {
    runs += 1;
    order(directory, `refuse ${role} ${at} ${errno}`);
    const child = start();
    const error = await inTime(() => `${role} ${at}, ${JSON.stringify(hit(directory))}`, outcome(child));
    const what = hit(directory);
    const said = (): string =>
      `${scenario}, ${role} ${at}, ${syscallName(what?.call ?? -1)} ${errorName(errno)}, ${error?.message}`;
    order(directory, 'none');
    await holdsAgain(before, said);
    if (runs % 10 === 0) assert.equal((await box.run('true')).exitCode, 0, `the next container after ${said()}`);
    await holdsAgain(before, said);
    if (what === undefined) missed += 1;
    if (what === undefined) return undefined;
    const place = error instanceof StepError ? checkError(child, error, role, what, errno) : undefined;
    if (place === undefined) tally(child, role, what, errno, error);
    if (place === undefined || error === undefined) return undefined;
    seen.set(keyOf(place), place);
    spots.set(place.op, [...(spots.get(place.op) ?? []), { role, at }]);
    crossed.add(`${place.op} ${errorName(errno)}`);
    return place;
  };

  order(directory, `refuse child ${NEVER} ${EIO}`);
  const child = start();
  const places = placesOf(child);
  assert.equal(await outcome(child), undefined);
  const total = await callsOf(directory, 'child', NEVER);
  order(directory, `refuse supervisor ${NEVER + 1} ${EIO}`);
  assert.equal(await outcome(start()), undefined);
  const most = await callsOf(directory, 'supervisor', NEVER + 1);
  await holdsAgain(before);
  const isFirst = kinds.size === UNREFUSED.length;
  const wanted = places.filter(
    ({ op }, index) =>
      !UNREFUSED.includes(op) && !kinds.has(op) && (isFirst || places.findIndex((other) => other.op === op) === index),
  );
  const missing = (): readonly Place[] => wanted.filter((place) => !seen.has(keyOf(place)));
  // What the supervisor does between its acts depends on who is faster: a call's number is not always the same call's.
  for (let round = 0; round < 10 && missing().length > 0; round += 1) {
    await sweep((at) => refuse({ role: 'child', at }, EIO), total, places, missing);
    await sweep((at) => refuse({ role: 'supervisor', at }, EIO), most, places, missing);
  }
  for (const errno of OTHERS.map((name) => constants.errno[name])) {
    if (extent === 'all') {
      for (let at = 1; at <= total; at += 1) await refuse({ role: 'child', at }, errno);
      for (let at = 1; at <= most; at += 1) await refuse({ role: 'supervisor', at }, errno);
    }
    for (const [op, known] of spots) await cross(op, known, errno, refuse);
  }
  order(directory, 'none');
  assert.equal((await box.run('true')).exitCode, 0);
  await holdsAgain(before);
  for (const { op } of seen.values()) kinds.add(op);
  const said = `${total} and ${most} calls, ${missed} of ${runs} not met; without a step: ${told()}`;
  return { scenario, wanted: wanted.map(keyOf), refused: [...seen.keys()], runs, crossed: [...crossed], said };
}

/** Has a kind of step refused by that error too, by a call of it that was refused before, or one close to that. */
async function cross(
  op: string,
  known: readonly Spot[],
  errno: number,
  refuse: (spot: Spot, errno: number) => Promise<Place | undefined>,
): Promise<void> {
  const key = `${op} ${errorName(errno)}`;
  const distinct = known.slice(0, SPOTS_MOST);
  // How often a supervisor waits before that depends on who is faster: its calls at the end move by that.
  const offsets = Array.from({ length: 2 * FAR + 1 }, (_, at) => (at % 2 === 0 ? -at / 2 : (at + 1) / 2));
  const near = [0, ...offsets].flatMap((by) => distinct.map(({ role, at }) => ({ role, at: Math.max(1, at + by) })));
  for (const spot of near) {
    if (crossed.has(key)) return;
    const place = await refuse(spot, errno);
    // An interrupted call is made again, and the container knows nothing of it.
    if (place === undefined && errno === constants.errno.EINTR) crossed.add(key);
  }
}

/** What no step has told is another error of carrel's, or the container has gone on. */
function tally(
  child: ContainerProcess,
  role: Role,
  { call, index }: Hit,
  errno: number,
  error: Error | undefined,
): void {
  const name = syscallName(call);
  const what = error === undefined ? `done, ${ends.get(child)}` : `${(error as CarrelError).code} ${error.message}`;
  const line = `${role} ${name} ${errorName(errno)} at ${index < 0 ? '-' : 'a step'}: ${what}`;
  besides.set(line, (besides.get(line) ?? 0) + 1);
  assert.ok(error === undefined || error instanceof CarrelError, line);
}

function told(): string {
  return [...besides]
    .map(([line, times]) => `${times} × ${line}`)
    .sort()
    .join('\n');
}

async function idle(): Promise<void> {
  await until(() => (JSON.parse(holdings()) as { theirs: string }).theirs.split(' ').length <= 1);
}

/** Refuses one call of every step that is missing, or all of them. */
async function sweep(
  refuse: (at: number) => Promise<Place | undefined>,
  last: number,
  places: readonly Place[],
  missing: () => readonly Place[],
): Promise<void> {
  if (extent === 'all') {
    for (let at = 1; at <= last; at += 1) await refuse(at);
    return;
  }
  const ranks = new Map(places.map((place, rank) => [keyOf(place), rank]));
  const rankOf = (place: Place | undefined): number | undefined => place && ranks.get(keyOf(place));
  const known = new Map<number, number | undefined>();
  const ask = async (at: number): Promise<number | undefined> => {
    if (!known.has(at)) known.set(at, rankOf(await refuse(at)));
    return known.get(at);
  };
  // In order: what lies between two calls is refused by a call between them.
  const between = async (low: number, high: number, least: number, most: number): Promise<void> => {
    const inside = (place: Place): boolean => {
      const rank = rankOf(place) ?? 0;
      return rank > least && rank < most;
    };
    if (high - low < 2 || !missing().some(inside)) return;
    const middle = Math.floor((low + high) / 2);
    const rank = await ask(middle);
    await between(low, middle, least, rank ?? most);
    await between(middle, high, rank ?? least, most);
  };
  await between(0, last + 1, -1, places.length);
}

function checkError(
  child: ContainerProcess,
  error: StepError,
  role: Role,
  what: Hit,
  errno: number,
): Place | undefined {
  const said = `${role} ${what.at}, ${syscallName(what.call)} at step ${what.index}: ${error.message}`;
  // Not an act's call, but one by which the supervisor itself lives: the child loses it, and says so.
  if (role === 'supervisor' && error.errno !== -errno) return undefined;
  assert.equal(error.errno, -errno, said);
  assert.equal(error.code, errorName(errno), said);
  assert.equal(error.syscall, syscallName(what.call), said);
  if (error.step === undefined) return { list: 'clone', index: 0, act: 0, op: 'clone' };
  const place = placesOf(child).find(({ list, index, act }) => stepAt(child, list, index, act) === error.step);
  assert.ok(place, `${said}: a step of the plan`);
  assert.equal(error.index, place.index, said);
  assert.equal(error.option, error.step.from, said);
  if (role === 'child') assert.equal(place.list, 'steps', said);
  if (role === 'child' && what.index >= 0) assert.equal(place.index, what.index, said);
  assert.ok(errno === EIO || error.hint !== undefined, `${said}: with a hint`);
  return place;
}

/** Every step of the plan, in the order of each column. */
function placesOf({ plan }: ContainerProcess): readonly Place[] {
  const list = (name: string, steps: readonly { readonly op: string }[], index = -1): readonly Place[] =>
    steps.map(({ op }, at) => ({ list: name, index: index < 0 ? at : index, act: index < 0 ? 0 : at, op }));
  const acts = plan.steps.flatMap((step, index) => (step.op === 'barrier' ? list('acts', step.acts, index) : []));
  const clone = { list: 'clone', index: 0, act: 0, op: 'clone' };
  return [...list('before', plan.before), clone, ...acts, ...list('steps', plan.steps), ...list('after', plan.after)];
}

function stepAt({ plan }: ContainerProcess, list: string, index: number, act: number): unknown {
  if (list === 'before' || list === 'after' || list === 'steps') return plan[list][index];
  const barrier = plan.steps[index];
  return barrier?.op === 'barrier' ? barrier.acts[act] : undefined;
}

function keyOf({ list, index, act, op }: Place): string {
  return `${list} ${index} ${act} ${op}`;
}

/** The error that it ends with, `undefined` for any other end, when all is closed. */
async function outcome(child: ContainerProcess): Promise<Error | undefined> {
  const closed = once(child, 'close').catch(() => undefined);
  const error = await child.result.then(
    (status) => void ends.set(child, endOf(status)),
    (reason: Error) => reason,
  );
  if (error === undefined) await closed;
  for (const stream of child.stdio) stream?.destroy();
  return error;
}

/** How those ended that no error has. */
const ends = new WeakMap<ContainerProcess, string>();

function endOf({ exitCode, signal, reason, degraded }: ExitStatus): string {
  const unusual = degraded.length === 0 ? '' : `; ${degraded.join('; ')}`;
  return `${signal ?? exitCode} ${reason}${unusual}`;
}

assert.equal((await box.run('true')).exitCode, 0);
const other = await startOther();
const results: Refused[] = [];
for (const [scenario, start] of Object.entries(STARTS)) results.push(await refuseAll(scenario, () => start(other)));
await other.stop({ grace: 0 });
const stays = await startStaying();
for (const [scenario, start] of Object.entries(STAYING)) results.push(await refuseAll(scenario, () => start(stays)));
await stays.stop({ grace: 0 });
console.log(JSON.stringify(results));
