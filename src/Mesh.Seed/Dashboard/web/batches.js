// Batches with what is done and what remains, the running ones first.
import { attribute, byId, h, list, roving, text, upAndDown } from './dom.js';
import { omittedOf, rowsOf } from './answers.js';
import { duration, isNumber, number, plural } from './format.js';

const MAX_SHOWN = 40;
const ACTIVE = ['in_progress', 'finalizing', 'validating', 'cancelling'];
const isActive = batch => ACTIVE.includes(batch.status);
const rank = batch => isActive(batch) ? ACTIVE.indexOf(batch.status) : ACTIVE.length;

/** created_at is seconds of the Unix epoch, or a time as text. */
const created = batch => isNumber(batch.created_at) ? batch.created_at : Date.parse(batch.created_at) / 1000 || 0;

const TONES = { completed: 'good', in_progress: 'busy', finalizing: 'busy', validating: 'busy', failed: 'bad', expired: 'bad', cancelled: 'idle', cancelling: 'warn' };

export class Batches {
  #list; #count; #refresh; #explain;

  constructor(explain) {
    this.#explain = explain;
    [this.#list, this.#count] = [byId('batches'), byId('batches-count')];
    this.#refresh = roving(this.#list, 'button', upAndDown);
  }

  show(answer) {
    const all = rowsOf(answer).sort((a, b) => rank(a) - rank(b) || created(b) - created(a));
    const total = all.length + omittedOf(answer);
    text(this.#count, answer.error || total === 0 ? '' : `${number(all.filter(isActive).length)} active of ${number(total)}`
      + (total > MAX_SHOWN ? `, ${MAX_SHOWN} are shown` : ''));
    list(this.#list, all.slice(0, MAX_SHOWN), batch => batch.batch, batch => this.#create(batch), (element, batch) => this.#update(element, batch));
    attribute(this.#list, 'data-empty', !answer.error && total === 0 ? 'No batches yet.' : null);
    this.#refresh();
  }

  #create(batch) {
    return h('li', {},
      h('div', { class: 'title' },
        h('button', { type: 'button', class: 'id', onclick: () => this.#explain(batch.batch) }, batch.batch),
        h('span', { class: 'model muted' }), h('span', { class: 'tag' })),
      h('progress', { 'aria-label': `Lines of ${batch.batch} that are done` }),
      h('p', { class: 'numbers' }, h('span', { class: 'done' }), h('span', { class: 'rest muted' })));
  }

  #update(element, batch) {
    const { total, completed = 0, failed = 0, lines_per_s: speed, remaining_s: remaining, units } = batch;
    const tag = element.querySelector('.tag');
    text(tag, String(batch.status ?? 'unknown').replaceAll('_', ' '));
    tag.dataset.tone = TONES[batch.status] ?? 'idle';
    text(element.querySelector('.model'), batch.model);
    const progress = element.querySelector('progress');
    // Nothing is known of a batch whose lines have not been counted: then the bar says that it does not know.
    attribute(progress, 'max', total > 0 ? total : null);
    attribute(progress, 'value', total > 0 ? Math.min(total, completed + failed) : isActive(batch) ? null : 0);
    progress.dataset.tone = TONES[batch.status] ?? 'idle';
    text(element.querySelector('.done'), total > 0
      ? `${number(completed + failed)} of ${plural(total, 'line')} (${Math.floor((completed + failed) / total * 100)} %)${failed ? `, ${number(failed)} failed` : ''}`
      : 'lines not counted yet');
    text(element.querySelector('.rest'), isActive(batch)
      ? [units > 0 ? plural(units, 'unit') + ' out' : '', isNumber(speed) ? `${number(speed)} lines/s` : '', isNumber(remaining) ? `${duration(remaining)} left` : ''].filter(Boolean).join(' · ')
      : '');
  }
}
