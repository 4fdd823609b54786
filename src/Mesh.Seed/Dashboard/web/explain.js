// Why something is as it is: asked for once, shown until something else is asked for.
import { byId, h, text } from './dom.js';
import { answerOf, outlineOf } from './outline.js';
import { time } from './format.js';

const HASH = '#explain/';

export class Explain {
  #find; #asking; #announce;

  /** find(id) is what the table has of a vehicle, if anything. */
  constructor(find, announce) {
    [this.#find, this.#announce] = [find, announce];
    byId('explain-form').addEventListener('submit', event => {
      event.preventDefault();
      this.show(byId('explain-id').value.trim());
    });
    addEventListener('hashchange', () => this.#fromHash());
    this.#fromHash();
  }

  /** The id goes into the address, so that an explanation can be linked to and the browser's back button works. */
  show(id) {
    if (!id) return;
    const hash = HASH + encodeURIComponent(id);
    if (location.hash === hash) this.#ask(id);
    else location.hash = hash;
  }

  #fromHash() {
    if (!location.hash.startsWith(HASH)) return;
    try {
      this.#ask(decodeURIComponent(location.hash.slice(HASH.length)));
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }

  async #ask(id) {
    this.#asking?.abort();
    const asking = this.#asking = new AbortController();
    byId('explain-id').value = id;
    const place = byId('explanation');
    place.setAttribute('aria-busy', 'true');
    const answer = await this.#fetch(id, asking.signal);
    if (asking.signal.aborted) return;
    place.setAttribute('aria-busy', 'false');
    const error = byId('explain-panel').querySelector('.error');
    text(error, answer.error);
    error.hidden = !answer.error;
    const row = this.#find(id);
    place.replaceChildren(
      h('h3', {}, id, h('small', { class: 'muted' }, ` at ${time(new Date())}`)),
      ...(answer.error ? [] : answerOf(answer)),
      ...(row ? [h('h4', {}, 'In the table'), outlineOf(row)] : []));
    place.scrollTop = 0;
    this.#announce(answer.error ? `No explanation of ${id}: ${answer.error}` : `Explanation of ${id} is shown.`);
    // On a narrow screen the panel is far below what was chosen.
    const box = byId('explain-panel').getBoundingClientRect();
    if (box.top > innerHeight - 120 || box.bottom < 120) byId('explain-panel').scrollIntoView({ block: 'start' });
  }

  async #fetch(id, signal) {
    try {
      const response = await fetch(`/mesh/explain/${encodeURIComponent(id)}`, { signal });
      return await response.json();
    } catch (error) {
      return { error: error.name === 'AbortError' ? '' : 'the seed does not answer' };
    }
  }
}
