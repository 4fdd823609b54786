// A vehicle's state is told by colour and by shape: neither alone.
import { svg } from './dom.js';

// Most wanted first. Paths are drawn around 0,0, about 10 units wide.
const KNOWN = {
  serving: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z',
  joining: 'M0-5.6L5.6 4.4H-5.6z',
  draining: 'M0-6.2L6.2 0L0 6.2L-6.2 0z',
  away: 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
  lost: 'M-4.6-4.6L4.6 4.6M4.6-4.6L-4.6 4.6',
};
const OTHER = 'M-4.4-4.4h8.8v8.8h-8.8z';
const ORDER = [...Object.keys(KNOWN), 'other'];

/** The class of a state's look; unknown ones share one. */
export const kindOf = state => Object.hasOwn(KNOWN, state) ? state : 'other';

export const byState = (a, b) => ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b)) || a.localeCompare(b);

/** Its shape, for use within an SVG. */
export const shape = state => svg('path', { class: `state ${kindOf(state)}`, d: KNOWN[kindOf(state)] ?? OTHER });

/** Its shape as a picture of its own, for use beside its name. */
export const glyph = state => svg('svg', { class: 'glyph', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, shape(state));
