/**
 * Asks for all that one container needs to know of the host before a start. What was read of files counts as long as
 * these are the same, unchanged: one call looks at all of them (launch/stamps.ts).
 */

import type { CgroupFacts } from '../cgroup/files.js';
import { userOf } from '../compile/caller.js';
import { layersOf } from '../compile/layers.js';
import { type Questions, questions } from '../compile/questions.js';
import type { Users } from '../compile/users.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { NamedUser, User } from '../definition/user.js';
import { type Look, Stamps } from '../launch/stamps.js';
import { isSame, Memo } from '../plan/memo.js';
import { HOSTS_FILE } from '../plan/paths.js';
import type { Host } from './facts.js';
import { type Passing, passing, probeFor, probeWith } from './probe.js';
import { FILES, readUsers, type UserFiles, usersAskedFor } from './users.js';

/** What a plan may know of the host, and of the container's users. */
export interface Knowledge {
  readonly host: Host;
  readonly users: Users;
}

/** Commands of one container have few users. */
const USERS_MOST = 4;
const inquiries = new Memo((definition: ContainerDefinition, user: User | NamedUser) => new Inquiry(definition, user), {
  most: USERS_MOST,
});

/**
 * What has to be known before `user` starts something in this container. The same values as long as nothing changes.
 *
 * @param cgroups What this process can do with cgroups, where the container has limits.
 */
export function inquire(
  definition: ContainerDefinition,
  user: User | NamedUser,
  cgroups: CgroupFacts | undefined,
): Knowledge {
  const host = probeWith(cgroups, definition);
  return inquiries.get(definition, userOf(definition, user, host)).ask(host);
}

/** Answers that were kept, and what is not seen by looking at files. */
interface Kept {
  readonly host: Host;
  readonly passing: Passing;
  readonly answers: Knowledge;
}

class Inquiry {
  readonly #definition: ContainerDefinition;
  readonly #questions: Questions;
  readonly #users: Users | UserFiles;
  readonly #stamps: Stamps;
  #kept: Kept | undefined;

  constructor(definition: ContainerDefinition, user: User | NamedUser) {
    this.#definition = definition;
    this.#questions = questions(definition);
    this.#users = usersAskedFor(definition, user);
    this.#stamps = new Stamps(looksFor(definition, this.#questions, this.#users));
  }

  ask(host: Host): Knowledge {
    // Before anything is read: what changes meanwhile then shows at the next start.
    const unchanged = this.#stamps.look();
    const now = passing(this.#questions);
    const kept = this.#kept;
    if (unchanged && kept !== undefined && kept.host === host && isSame(kept.passing, now)) return kept.answers;
    const answers = {
      host: probeFor(this.#definition, this.#questions, host, now),
      users: readUsers(this.#users),
    };
    // Why something cannot be read does not show in the files: a lease, or rights.
    const isKnown = answers.host.hosts?.problem === undefined && !('layers' in this.#users && answers.users.problem);
    this.#kept = isKnown && this.#stamps.keep() ? { host, passing: now, answers } : undefined;
    return answers;
  }
}

/** All files that the answers follow from. */
function looksFor(definition: ContainerDefinition, asked: Questions, users: Users | UserFiles): readonly Look[] {
  const { rootfs } = definition;
  const roots = rootfs === undefined ? [] : layersOf(rootfs);
  const files = 'layers' in users ? users : { layers: [], names: [], targets: [] };
  const bases = new Set([...roots, ...files.layers, ...(asked.hosts === 'host' ? ['/'] : [])]);
  const isHosts = (base: string): boolean => asked.hosts === (roots.includes(base) ? 'root' : 'host');
  return [
    // Where the layers of an overlay really are matters: nothing may be mounted below them.
    ...[...bases].flatMap((base) => [
      { path: base, from: 'host', isBase: true, links: typeof rootfs === 'object' ? 'none' : 'followed' } as const,
      ...(roots.includes(base) ? [{ path: 'sys', from: 'base', links: 'last' } as const] : []),
      ...(isHosts(base) ? [file(base, HOSTS_FILE, true)] : []),
      ...(files.layers.includes(base) ? files.names.map((name) => file(base, FILES[name], true)) : []),
      ...(files.layers.includes(base) ? files.targets.map((target) => file(base, target, false)) : []),
    ]),
    ...asked.paths.filter((path) => !bases.has(path)).map((path) => ({ path, from: 'host', links: 'none' }) as const),
  ];
}

/** A way without links is the same inside as on the host. */
function file(base: string, path: string, hasContent: boolean): Look {
  return { path: path.slice(1), from: 'base', links: 'none', isOneMount: base !== '/', hasContent };
}
