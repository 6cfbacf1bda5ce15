'use strict';
// The page of an inventory. All it shows comes from the data blocks of this document, and goes into the
// page as text: nothing here makes markup out of a value, follows a link, or asks a network.
(() => {
  const $ = (id) => document.getElementById(id);
  const read = (id) => JSON.parse($(id).textContent);
  const SVG = 'http://www.w3.org/2000/svg';
  const ROW = 46; // Height of a row, as in the style.
  const MOST = 200000; // Rows that the list is high: browsers bound the height of a box.
  const PAPER = 2000; // Rows that are printed.

  // An element with attributes; children are elements, or text.
  function el(name, attributes, ...children) {
    return fill(document.createElement(name), attributes, children);
  }
  function svg(name, attributes, ...children) {
    return fill(document.createElementNS(SVG, name), attributes, children);
  }
  function fill(made, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === false) continue;
      if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value === true ? '' : value);
    }
    made.append(...children.filter((c) => c !== null));
    return made;
  }

  const page = read('page');
  const { columns, flags, text, rows } = read('rows');
  const AT = Object.fromEntries(columns.map((name, i) => [name, i]));
  const BIT = Object.fromEntries(flags.map((name, i) => [name, 1 << i]));
  const get = (n, column) => rows[n][AT[column]];
  const word = (n, column) => text[get(n, column)];
  const has = (n, flag) => (get(n, 'flags') & BIT[flag]) !== 0;
  // What uses it, and what names it and has it from elsewhere.
  const users = (n) => get(n, 'workloads').concat(get(n, 'named'));
  const NOBODY = 'nobody known';
  const owner = (n) => word(n, 'owner') || NOBODY;
  const number = (n) => n.toLocaleString('en');
  const many = (n, one) => number(n) + ' ' + one + (n === 1 ? '' : 's');
  const share = (n, of) => (of ? Math.round((n * 1000) / of) / 10 + ' %' : '');
  const day = (d) => new Date(d * 86400000).toISOString().slice(0, 10);
  const AGES = [['under 30 days', 30], ['30 to 90 days', 90], ['90 to 180 days', 180], ['half a year', 365], ['1 year', 730],
    ['2 years', 1095], ['3 and 4 years', 1825], ['5 years and more', Infinity], ['not known', null]];
  function bucket(n) {
    const days = get(n, 'age');
    return days === null ? AGES.length - 1 : AGES.findIndex((a) => days < a[1]);
  }

  // What is chosen; all of it is in the address behind the sign #, so that a view can be passed on.
  const chosen = { q: '', flags: [], owner: '', age: '', sort: 'place', down: false, open: '' };
  let list = []; // Rows that fit, in order.
  let at = 0; // The row of the list that keys move.
  let words = null; // What a search looks through, made when it is first needed.

  function fromAddress() {
    const from = new URLSearchParams(location.hash.slice(1));
    chosen.q = from.get('q') || '';
    chosen.flags = (from.get('show') || '').split(',').filter((f) => Object.hasOwn(BIT, f));
    chosen.owner = from.get('owner') || '';
    chosen.age = Object.hasOwn(AGES, from.get('age')) && from.get('age') !== 'length' ? from.get('age') : '';
    const sort = from.get('sort') || 'place';
    chosen.down = sort.startsWith('-');
    chosen.sort = sort.replace(/^-/, '');
    if (!Object.hasOwn(SORTS, chosen.sort)) chosen.sort = 'place';
    chosen.open = from.get('open') || '';
  }
  function toAddress() {
    const to = new URLSearchParams();
    if (chosen.q) to.set('q', chosen.q);
    if (chosen.flags.length) to.set('show', chosen.flags.join());
    if (chosen.owner) to.set('owner', chosen.owner);
    if (chosen.age) to.set('age', chosen.age);
    if (chosen.sort !== 'place' || chosen.down) to.set('sort', (chosen.down ? '-' : '') + chosen.sort);
    if (chosen.open) to.set('open', chosen.open);
    history.replaceState(null, '', '#' + to);
  }

  const byText = (column) => (a, b) => {
    const x = word(a, column), y = word(b, column);
    return x < y ? -1 : x > y ? 1 : a - b;
  };
  const byNumber = (column) => (a, b) => (get(a, column) ?? -1e9) - (get(b, column) ?? -1e9) || a - b;
  const SORTS = {
    place: (a, b) => a - b, name: byText('name'), owner: byText('owner'), environment: byText('environment'),
    introduced: byNumber('introduced'), age: byNumber('age'), state: byText('state'),
  };
  const HEAD = [['place', '#'], ['name', 'Credential'], ['owner', 'Owner'], ['environment', 'Used in'], ['introduced', 'Life'],
    ['age', 'Age'], ['state', 'State']];

  function choose() {
    const need = chosen.flags.reduce((all, f) => all | BIT[f], 0);
    const terms = chosen.q.toLowerCase().split(/\s+/).filter(Boolean);
    if (terms.length && !words) {
      const searched = ['id', 'name', 'label', 'pattern', 'owner', 'path', 'environment', 'state', 'privilege', 'severity'];
      words = rows.map((row, n) => searched.map((c) => word(n, c)).concat(users(n).map((w) => text[w]))
        .join('\n').toLowerCase());
    }
    list = [];
    for (let n = 0; n < rows.length; n++) {
      if ((get(n, 'flags') & need) !== need) continue;
      if (chosen.owner && owner(n) !== chosen.owner) continue;
      if (chosen.age && String(bucket(n)) !== chosen.age) continue;
      if (terms.every((t) => words[n].includes(t))) list.push(n);
    }
    if (chosen.sort !== 'place') list.sort(SORTS[chosen.sort]);
    if (chosen.down) list.reverse();
    at = Math.min(at, Math.max(0, list.length - 1));
  }

  // --- Totals, notices, what was read

  const TILES = [['', 'credentials', ''], ['head', 'in the last commit', ''], ['declared', 'owner declared', 'good'],
    ['inferred', 'owner inferred only', ''], ['orphaned', 'orphaned', 'bad'], ['unowned', 'no owner known', 'bad'],
    ['overdue', 'overdue', 'bad'], ['standing', 'work until revoked', 'bad'], ['reused', 'reused', 'bad'],
    ['broad', 'may administer', 'bad'], ['retired', 'known to be retired', 'good'], ['back', 'came back', 'bad'],
    ['unused', 'unused, says their provider', 'bad']];
  function tiles() {
    $('totals').replaceChildren(...TILES.filter(([flag]) => flag !== 'unused' || page.observed).map(([flag, label, how]) => {
      const n = flag ? page.totals[flag] : page.totals.records;
      const part = el('i');
      part.style.width = (page.totals.records ? (100 * n) / page.totals.records : 0) + '%';
      const pressed = flag ? chosen.flags.includes(flag) : false;
      const click = () => {
        if (!flag) chosen.flags = [];
        else if (pressed) chosen.flags = chosen.flags.filter((f) => f !== flag);
        else chosen.flags.push(flag);
        show();
      };
      return el('button', { type: 'button', class: 'tile ' + how, 'data-flag': flag, 'aria-pressed': String(pressed), onclick: click },
        el('b', null, number(n)), label, el('small', null, flag ? share(n, page.totals.records) || '-' : 'each one counted once'), el('i', null, part));
    }));
  }
  function facts() {
    $('about').textContent = `As of ${page.as_of}. Made by ${page.tool}. ${page.repositories_total === 1 ? 'One repository' : number(page.repositories_total) + ' repositories'}`
      + `, ${page.complete ? 'all of it read' : 'not all of it read'}.`;
    const told = [];
    const items = (all) => el('ul', null, ...all.map((one) => el('li', null, one)));
    if (!page.complete) {
      told.push(el('div', { class: 'notice', id: 'incomplete' }, el('b', null, 'This inventory is not complete. '),
        'What was not read may hold more credentials than are told here.', items(page.unread),
        page.unread_total > page.unread.length ? el('p', null, `and ${number(page.unread_total - page.unread.length)} more`) : null));
    }
    if (page.verdicts.length) told.push(el('div', { class: 'notice', id: 'verdicts' }, el('b', null, 'Policy'), items(page.verdicts)));
    if (page.later) told.push(el('p', { class: 'hint' }, `${many(page.later, 'credential')} came after the day that was asked for.`));
    $('notices').replaceChildren(...told);
    $('read').replaceChildren(items(page.repositories), ...(page.observed ? [el('h3', null, 'What providers recorded'), items(page.observed)] : []), items(page.notices), el('p', { class: 'hint' },
      'Seen is what passes through repositories. Keys that were made elsewhere and never committed, forks, clones, caches and logs'
      + ' are not. Nothing here says that anything complies with anything.'));
  }

  // --- Ages

  function ages() {
    const all = AGES.map(() => [0, 0]);
    for (const n of list) {
      const here = all[bucket(n)];
      here[0]++;
      if (has(n, 'overdue')) here[1]++;
    }
    const top = Math.max(1, ...all.map((a) => a[0]));
    $('ages').replaceChildren(...all.map(([n, overdue], i) => {
      const over = el('i'), bar = el('i', null, over);
      bar.style.height = (n ? Math.max(1, (240 * n) / top) : 0) + 'px';
      over.style.height = (n ? (100 * overdue) / n : 0) + '%';
      const pressed = chosen.age === String(i);
      return el('button', { type: 'button', class: 'col', 'aria-pressed': String(pressed), title: `${AGES[i][0]}: ${n}, overdue ${overdue}`,
        onclick: () => { chosen.age = pressed ? '' : String(i); show(); } }, number(n), bar, el('small', null, AGES[i][0]));
    }));
  }

  // --- Owners, credentials, workloads: three columns, the same picture for the same data

  const CREDENTIALS = 18, SIDES = 14;
  function graph() {
    const owned = new Map();
    for (const n of list) owned.set(owner(n), (owned.get(owner(n)) || 0) + 1);
    const shared = list.filter((n) => has(n, 'reused'));
    const some = shared.concat(shared.length < CREDENTIALS ? list.filter((n) => !has(n, 'reused')).slice(0, CREDENTIALS) : [])
      .slice(0, CREDENTIALS);
    const count = (key) => owned.get(key) || 0;
    const owners = [...new Set(some.map(owner))].sort((a, b) => count(b) - count(a) || (a < b ? -1 : 1)).slice(0, SIDES);
    some.sort((a, b) => (owners.indexOf(owner(a)) - owners.indexOf(owner(b))) || a - b);
    const uses = new Map(); // Workload, and the credentials it uses, by their places in the column.
    some.forEach((n, i) => { for (const w of users(n)) uses.set(w, (uses.get(w) || []).concat(i)); });
    const mean = (all) => all.reduce((a, b) => a + b, 0) / all.length;
    const workloads = [...uses.keys()].sort((a, b) => uses.get(b).length - uses.get(a).length || a - b).slice(0, SIDES)
      .sort((a, b) => mean(uses.get(a)) - mean(uses.get(b)) || a - b);
    const most = Math.max(owners.length, some.length, workloads.length, 1);
    const width = 860, step = 22, height = most * step + 12;
    const y = (i, of) => 6 + (height - 12) * ((i + 0.5) / of);
    const cut = (t, n) => { const c = [...t]; return c.length > n ? c.slice(0, n - 1).join('') + '\u2026' : t; };
    // Of a long name the end is cut, not the sign that tells it from others.
    // What shows nothing of itself is told by the name of its file.
    const called = (n) => {
      const shown = word(n, 'label');
      const label = /^[.\u2026\u2022]*$/.test(shown) ? cut(word(n, 'path').split('/').pop(), 16) : cut(shown, 12);
      return cut(word(n, 'name'), 26 - label.length) + ' ' + label;
    };
    const edges = [], nodes = [];
    const curve = (x1, y1, x2, y2, n, named) => {
      const m = (x1 + x2) / 2;
      edges.push(svg('path', { class: 'edge' + (has(n, 'reused') ? ' shared' : '') + (named ? ' named' : ''), 'data-of': n, d: `M${x1} ${y1}C${m} ${y1} ${m} ${y2} ${x2} ${y2}` }));
    };
    const light = (fits) => () => edges.forEach((e) => e.classList.toggle('on', fits(Number(e.dataset.of))));
    const node = (act, fits, title, ...parts) => {
      nodes.push(svg('g', { class: 'node', tabindex: 0, role: 'button', 'aria-label': title, onclick: act, onmouseenter: light(fits),
        onfocus: light(fits), onmouseleave: light(() => false), onblur: light(() => false),
        onkeydown: (e) => { if (e.key === 'Enter') act(); } }, svg('title', null, title), ...parts));
    };
    owners.forEach((who, i) => {
      const here = y(i, owners.length);
      node(() => { chosen.owner = chosen.owner === who ? '' : who; show(); }, (n) => owner(n) === who, `${who}: ${many(count(who), 'credential')}`,
        svg('text', { x: 216, y: here + 4, 'text-anchor': 'end' }, cut(who, 22) + '  ' + number(count(who))));
    });
    some.forEach((n, i) => {
      const here = y(i, some.length), from = owners.indexOf(owner(n));
      if (from >= 0) curve(224, y(from, owners.length), 330, here, n);
      node(() => open(n), (m) => m === n, `${word(n, 'name')} ${word(n, 'label')}`, svg('circle', { cx: 336, cy: here, r: 5,
        class: has(n, 'overdue') ? 'l-over' : 'l-live' }), svg('text', { x: 348, y: here + 4 }, called(n)));
      workloads.forEach((w, j) => { if (users(n).includes(w)) curve(540, here, 640, y(j, workloads.length), n, get(n, 'named').includes(w)); });
    });
    workloads.forEach((w, i) => {
      node(() => { chosen.q = text[w]; show(); }, (n) => users(n).includes(w), `used by ${text[w]}`,
        svg('text', { x: 648, y: y(i, workloads.length) + 4 }, cut(text[w], 30)));
    });
    $('graph').replaceChildren(svg('svg', { viewBox: `0 0 ${width} ${height}`, width: '100%', role: 'group', 'aria-label': 'Owners, credentials, workloads' },
      ...edges, ...nodes));
    $('graph-hint').textContent = 'Owners, credentials, and what uses them' + (some.length < list.length
      ? `: ${number(some.length)} of ${number(list.length)}, shared ones first.` : '.') + (shared.length ? ' Coloured lines: shared.' : '')
      + (some.some((n) => get(n, 'named').length) ? ' Broken lines: it is named there, and kept elsewhere.' : '');
  }

  // --- Lives

  const today = page.day;
  const begins = rows.map((r) => r[AT.introduced]).filter((d) => d !== null).sort((a, b) => a - b);
  // A clock that was wrong once must not press all else together: the first half per cent is drawn at the edge.
  const first = Math.min(begins.length ? begins[Math.floor(begins.length / 200)] : today - 365, today - 30);
  const last = today + Math.max(10, Math.round((today - first) * 0.08));
  // New Year's days, unless they are too many to be told apart.
  const years = [];
  for (let year = Number(day(first).slice(0, 4)) + 1; Date.UTC(year, 0) / 86400000 < last; year++) years.push(Date.UTC(year, 0) / 86400000);
  if (years.length > 25) years.length = 0;
  const x = (d, width) => Math.max(0, Math.min(width, ((d - first) / (last - first)) * width));
  function life(n, width, height) {
    const row = (c) => get(n, c);
    const out = svg('svg', { class: 'life', viewBox: `0 0 ${width} ${height}`, width: '100%', height, preserveAspectRatio: 'none', role: 'img',
      'aria-label': story(n).map((e) => e.join(' ')).join(', ') });
    const middle = height / 2;
    const box = (name, from, to, tall) => out.append(svg('rect', { class: name, x: from, width: Math.max(1.5, to - from), y: middle - tall / 2, height: tall }));
    const here = x(today, width);
    for (const d of years) out.append(svg('line', { class: 'l-year', x1: x(d, width), x2: x(d, width), y1: 0, y2: height }));
    out.append(svg('line', { class: 'l-axis', x1: here, x2: here, y1: 0, y2: height }));
    if (row('introduced') !== null) {
      const from = x(row('introduced'), width), end = row('removed') === null ? here : x(row('removed'), width);
      // What is not in the last commit, though no commit took it from there, is on other branches, or nowhere.
      box(has(n, 'head') || row('removed') !== null ? 'l-live' : 'l-aside', from, end, 8);
      if (has(n, 'overdue') && row('due') !== null && x(row('due'), width) < end) box('l-over', Math.max(from, x(row('due'), width)), end, 8);
      if (row('removed') !== null) {
        const until = row('dead') === null ? here : x(row('dead'), width);
        if (until > end) out.append(svg('line', { class: 'l-gone', x1: end, x2: until, y1: middle, y2: middle }));
      }
    }
    for (const [d] of row('turns')) out.append(svg('path', { class: 'l-turn', d: `M${x(d, width)} ${middle - 7}l4 7l-4 7l-4 -7z` }));
    if (row('expires') !== null) box('l-ends', x(row('expires'), width) - 1, x(row('expires'), width) + 1, 16);
    if (row('dead') !== null) box('l-dead', x(row('dead'), width) - 2, x(row('dead'), width) + 2, 18);
    return out;
  }
  // The same in words.
  function story(n) {
    const all = [];
    const say = (d, what) => { if (d !== null) all.push([day(d), what]); };
    say(get(n, 'introduced'), has(n, 'before') ? 'first seen; it was there before' : 'brought in');
    for (const [d, kind] of get(n, 'turns')) say(d, kind ? 'another took its place' : 'it took the place of another');
    say(get(n, 'due'), has(n, 'overdue') ? 'was due to be replaced' : 'due to be replaced');
    say(get(n, 'removed'), 'taken from the last commit');
    say(get(n, 'expires'), 'ends by its own word');
    say(get(n, 'dead'), 'dead');
    return all.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  }

  // --- The table: only the rows that can be seen are in the document

  function head() {
    $('head').replaceChildren(...HEAD.map(([key, label]) => {
      const on = chosen.sort === key;
      const axis = key === 'introduced' ? `${label}, ${day(first).slice(0, 4)} to ${day(today).slice(0, 7)}` : label;
      return el('div', { role: 'columnheader', 'aria-sort': on ? (chosen.down ? 'descending' : 'ascending') : 'none' },
        el('button', { type: 'button', 'data-sort': key, onclick: () => {
          chosen.down = on ? !chosen.down : key === 'age';
          chosen.sort = key;
          show();
        } }, axis));
    }));
  }
  const TAGS = [['back', 'came back', 'bad'], ['orphaned', 'orphaned', 'bad'], ['overdue', 'overdue', 'bad'], ['reused', 'reused', ''],
    ['broad', 'administers', '']];
  const age = (n) => (get(n, 'age') === null ? '-' : number(get(n, 'age')) + ' d' + (has(n, 'least') ? '+' : ''));
  function tags(n) {
    const state = word(n, 'state');
    return [el('span', { class: 'tag' + (state === 'retired' ? ' good' : '') }, state),
      ...TAGS.filter(([flag]) => has(n, flag)).map(([, label, how]) => el('span', { class: 'tag ' + how }, label))];
  }
  // Of a long path folders are cut, not the file.
  function place(path) {
    const end = path.lastIndexOf('/') + 1;
    return el('small', { class: 'place' }, el('span', null, path.slice(0, end)), path.slice(end));
  }
  function row(n, i) {
    const cell = (attributes, ...children) => el('div', { role: 'cell', ...attributes }, ...children);
    const made = el('div', { role: 'row', class: 'row' + (i === at ? ' at' : ''), id: 'r' + i, 'aria-rowindex': i + 2,
      'data-id': word(n, 'id'), onclick: () => { at = i; open(n); } },
      cell({ class: 'num' }, number(n + 1)),
      cell({ title: `${word(n, 'name')} ${word(n, 'label')}\n${word(n, 'path')}` }, word(n, 'name'), ' ', el('span', { class: 'mono' }, word(n, 'label')),
        place(word(n, 'path'))),
      cell({ title: owner(n) }, owner(n), el('small', null, word(n, 'owned'))),
      cell(null, word(n, 'environment') || '-'),
      cell(null, life(n, 400, 24)),
      cell({ class: 'num' }, age(n)),
      cell({ title: tags(n).map((t) => t.textContent).join(', ') }, ...tags(n)));
    made.style.transform = `translateY(${i * ROW}px)`;
    return made;
  }
  function draw() {
    const view = $('view');
    const length = Math.min(list.length, MOST);
    $('space').style.height = length * ROW + 'px';
    const from = Math.max(0, Math.floor(view.scrollTop / ROW) - 4);
    const to = Math.min(length, from + Math.ceil(view.clientHeight / ROW) + 8);
    const made = [];
    for (let i = from; i < to; i++) made.push(row(list[i], i));
    $('space').replaceChildren(...made);
    view.setAttribute('aria-activedescendant', length ? 'r' + at : '');
    $('head').style.paddingRight = 12 + view.offsetWidth - view.clientWidth + 'px'; // As wide as rows beside a scroll bar.
    $('table').setAttribute('aria-rowcount', list.length + 1);
    $('cut').textContent = list.length > MOST ? `The list holds the first ${number(MOST)}; filter to see the others.` : '';
  }
  function show() {
    choose();
    toAddress();
    tiles();
    ages();
    graph();
    head();
    if ($('search').value !== chosen.q) $('search').value = chosen.q;
    const chip = (label, drop) => el('button', { type: 'button', title: 'Take this away', onclick: () => { drop(); show(); } }, label, ' \u00d7');
    $('chips').replaceChildren(
      ...chosen.flags.map((f) => chip(TILES.find((t) => t[0] === f)[1], () => { chosen.flags = chosen.flags.filter((g) => g !== f); })),
      ...(chosen.owner ? [chip('owner ' + chosen.owner, () => { chosen.owner = ''; })] : []),
      ...(chosen.age ? [chip((AGES[chosen.age] || ['no age'])[0], () => { chosen.age = ''; })] : []));
    $('count').textContent = `${number(list.length)} of ${many(rows.length, 'record')}`;
    $('view').scrollTop = 0;
    at = 0;
    draw();
  }

  // --- The card of one record

  // Cards lie packed in the page, in blocks: most of them nobody opens.
  const CHUNK = page.chunk, chunks = new Map();
  async function unpacked(id) {
    const bytes = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return JSON.parse(await new Response(plain).text());
  }
  async function card(n) {
    const at = Math.floor(n / CHUNK);
    if (!chunks.has(at)) chunks.set(at, unpacked('cards-' + at));
    const from = await chunks.get(at);
    return from.cards[n % CHUNK].map(([title, lines]) => [from.text[title], lines.map((l) => from.text[l])]);
  }
  function line(told) {
    const step = /^\[([x ?])\] (.*)$/s.exec(told);
    if (step) return el('li', { class: { x: 'yes', ' ': 'no', '?': 'open' }[step[1]] }, step[2]);
    return told.startsWith('    ') ? el('li', null, el('pre', null, told.slice(4))) : el('li', null, told);
  }
  let opening = 0;
  async function open(n) {
    chosen.open = word(n, 'id');
    toAddress();
    const busy = document.documentElement.dataset, mine = ++opening;
    busy.opens = '';
    const parts = await card(n).catch(() => [['', ['This browser cannot unpack what is told of it: csv and json tell the same.']]]);
    if (mine !== opening) return; // Another was opened meanwhile.
    delete busy.opens;
    if (chosen.open !== word(n, 'id')) return;
    $('card-body').replaceChildren(
      el('h2', { id: 'card-title' }, word(n, 'name'), ' ', el('span', { class: 'mono' }, word(n, 'label'))),
      el('p', { class: 'hint mono' }, word(n, 'id')), el('p', null, ...tags(n)), life(n, 720, 28),
      el('p', { class: 'hint ends' }, el('span', null, day(first)), el('span', null, 'lines: years, and ' + day(today))),
      el('ul', { class: 'hint' }, ...story(n).map((e) => el('li', null, el('span', { class: 'num' }, e[0]), '  ', e[1]))),
      ...parts.flatMap(([title, lines]) => [el('h3', null, title), el('ul', null, ...lines.map(line))]));
    if (!$('card').open) $('card').showModal();
    $('card').scrollTop = 0;
  }
  $('close').addEventListener('click', () => $('card').close());
  $('card').addEventListener('close', () => { chosen.open = ''; toAddress(); draw(); $('view').focus(); });
  $('card').addEventListener('click', (e) => { if (e.target === $('card')) $('card').close(); });

  // --- Keys, address, paper

  function move(to) {
    if (!list.length) return;
    at = Math.max(0, Math.min(Math.min(list.length, MOST) - 1, to));
    const view = $('view');
    if (at * ROW < view.scrollTop) view.scrollTop = at * ROW;
    if ((at + 1) * ROW > view.scrollTop + view.clientHeight) view.scrollTop = (at + 1) * ROW - view.clientHeight;
    draw();
  }
  $('view').addEventListener('keydown', (e) => {
    const pages = Math.max(1, Math.floor($('view').clientHeight / ROW) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + pages, PageUp: at - pages, Home: 0, End: list.length - 1 }[e.key];
    if (to !== undefined) move(to);
    else if (e.key === 'Enter' && list.length) open(list[at]);
    else return;
    e.preventDefault();
  });
  document.addEventListener('keydown', (e) => {
    if (e.key !== '/' || e.target === $('search') || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    $('search').focus();
  });
  let asked = false;
  $('view').addEventListener('scroll', () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }, { passive: true });
  addEventListener('resize', draw);
  let waits = 0;
  $('search').addEventListener('input', () => {
    clearTimeout(waits);
    waits = setTimeout(() => { chosen.q = $('search').value; show(); }, 100);
  });
  function go() {
    fromAddress();
    const wanted = chosen.open;
    show();
    const n = wanted ? rows.findIndex((r) => text[r[AT.id]].startsWith(wanted)) : -1;
    if (n >= 0) open(n);
    else if ($('card').open) $('card').close();
  }
  addEventListener('hashchange', go);
  $('theme').addEventListener('click', () => {
    const root = document.documentElement;
    const dark = root.style.colorScheme ? root.style.colorScheme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.style.colorScheme = dark ? 'light' : 'dark';
  });
  $('print').addEventListener('click', () => print());
  // On paper nothing scrolls: the rows that fit are a plain table there.
  addEventListener('beforeprint', () => {
    const cells = (kind, all) => el('tr', null, ...all.map((c) => el(kind, null, c)));
    $('paper').replaceChildren(
      el('p', null, list.length > PAPER ? `The first ${number(PAPER)} of ${number(list.length)} records; the others are in csv or json.` : ''),
      el('table', { class: 'paper' }, el('thead', null, cells('th', ['#', 'Id', 'Credential', 'Owner', 'Where', 'Brought in', 'Age', 'State'])),
        el('tbody', null, ...list.slice(0, PAPER).map((n) => cells('td', [number(n + 1), word(n, 'id').slice(0, 8), word(n, 'name') + ' ' + word(n, 'label'),
          `${owner(n)} (${word(n, 'owned')})`, word(n, 'path'), get(n, 'introduced') === null ? '-' : day(get(n, 'introduced')), age(n),
          tags(n).map((t) => t.textContent).join(', ')])))));
  });
  addEventListener('afterprint', () => $('paper').replaceChildren());

  facts();
  go();
})();
