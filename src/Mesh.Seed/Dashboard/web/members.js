// The cluster's members: seeds first, then whoever is in trouble.
import { byId, h, list, text } from './dom.js';
import { columnsOf, omittedOf, rowsOf } from './answers.js';
import { plural, scalar } from './format.js';

const MAX_SHOWN = 200;
const isSeed = member => String(member.roles ?? '').includes('seed');
const isNotUp = member => !/^up$/i.test(member.status ?? '');
const isUnreachable = member => /unreachable/i.test(member.reachability ?? '');
const inTrouble = member => isNotUp(member) || isUnreachable(member);
const rank = member => (isSeed(member) ? 0 : 2) - (inTrouble(member) ? 1.5 : 0);
const COLUMNS = ['address', 'roles', 'status', 'reachability', 'version'];

const plain = { address: address => String(address ?? '').replace(/^akka\.tcp:\/\/[^@]*@/, ''), roles: roles => String(roles ?? '').replace(/^\[|\]$/g, '') };

export function showMembers(answer) {
  const members = rowsOf(answer).sort((a, b) => rank(a) - rank(b) || String(a.address).localeCompare(String(b.address), 'en', { numeric: true }));
  const [seeds, trouble] = [members.filter(isSeed).length, members.filter(inTrouble).length];
  const others = members.length + omittedOf(answer) - seeds;
  text(byId('members-count'), answer.error || !members.length ? ''
    : `${plural(seeds, 'seed')}, ${plural(others, 'vehicle')}${trouble ? `, ${trouble} not up or unreachable` : ''}${members.length > MAX_SHOWN ? `; ${MAX_SHOWN} are shown` : ''}`);
  const container = byId('members');
  if (answer.error) return container.replaceChildren();
  if (!container.querySelector('table')) {
    container.replaceChildren(h('table', { class: 'small' },
      h('thead', {}, h('tr', {}, COLUMNS.map(column => h('th', { scope: 'col', class: `col-${column}` }, column)))), h('tbody')));
  }
  const known = columnsOf(answer);
  list(container.querySelector('tbody'), members.slice(0, MAX_SHOWN), member => member.address,
    () => h('tr', {}, COLUMNS.map(column => h('td', { class: `col-${column}` }))),
    (row, member) => {
        COLUMNS.forEach((column, i) => text(row.children[i], !known.includes(column) ? '' : column in plain ? plain[column](member[column])
        : column === 'reachability' && !member[column] ? 'reachable' : scalar(member[column])));
      row.children[2].classList.toggle('trouble', isNotUp(member));
      row.children[3].classList.toggle('trouble', isUnreachable(member));
    });
}
