/** What a container's root is made from, beside its definition. */

import type { User } from '../definition/user.js';
import type { Host } from '../host/facts.js';
import type { IdPlan } from './ids.js';
import type { CapturedPlaces } from './places.js';
import type { Trees } from './trees.js';

export interface RootParts {
  readonly ids: IdPlan;
  readonly host: Host;
  readonly trees: Trees;
  readonly user: User;
  readonly places: CapturedPlaces;
}
