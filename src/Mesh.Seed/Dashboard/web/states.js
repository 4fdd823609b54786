// A vehicle's state is told by colour and by shape: neither alone.
import { svg } from './dom.js';

// Most wanted first, with the shapes around 0,0, about 10 units wide. Full ones work, hollow ones do not.
const KNOWN = {
  serving: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z',
  busy: 'M-4.5-4.5h9v9h-9z',
  batch_only: 'M-4-4h8v8h-8z',
  resting: 'M0 5.2L5.4-4H-5.4z',
  draining: 'M0-6.2L6.2 0L0 6.2L-6.2 0z',
  drained: 'M0-5.4L5.4 0L0 5.4L-5.4 0z',
  unreachable: 'M-4.6-4.6L4.6 4.6M4.6-4.6L-4.6 4.6',
  away: 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
};
const OTHER = 'M0-5.2L5.4 4H-5.4z';
const ORDER = [...Object.keys(KNOWN), 'other'];

/** States that are not known here share one look. */
export const kindOf = state => Object.hasOwn(KNOWN, state) ? state : 'other';

export const named = state => String(state ?? 'unknown').replaceAll('_', ' ');

export const byState = (a, b) => ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b)) || a.localeCompare(b);

/** Its shape, for use within an SVG. */
export const shape = state => svg('path', { class: `state ${kindOf(state)}`, d: KNOWN[kindOf(state)] ?? OTHER });

/** Its shape as a picture of its own, for use beside its name. */
export const glyph = state => svg('svg', { class: 'glyph', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, shape(state));
