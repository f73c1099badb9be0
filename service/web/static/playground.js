// What a script adds to the playground: deciding without a reload, checking while typing, an editor, links to share.
// Without it the page works as a form. Nothing is kept; the chart of a link stands in its fragment, which is never sent.
(() => {
  'use strict';
  const form = document.getElementById('ask');
  const chart = document.getElementById('chart');
  const valid = document.getElementById('valid');
  const shared = document.getElementById('shared');
  const FIELDS = ['hook', 'now', 'complete'];
  const PAUSE = 500;
  let editor = null;

  for (const one of document.querySelectorAll('[data-needs-script]')) one.hidden = false;

  // htmx hands options to the parser; browsers before those options (Chrome 138) refuse them, and no answer came.
  try {
    Document.parseHTMLUnsafe?.('', {});
  } catch {
    const parse = Document.parseHTMLUnsafe.bind(Document);
    Document.parseHTMLUnsafe = (text) => parse(text);
  }

  // The text of the chart, in the editor too.
  function write(text) {
    chart.value = text;
    if (editor) editor.set(text);
  }

  // While somebody types, the server says whether it can be read, and where not.
  let waiting = 0;
  let asked = 0;
  async function validate() {
    const number = (asked += 1);
    if (!chart.value.trim()) {
      tell('', null);
      return;
    }
    const body = new URLSearchParams({ chart: chart.value });
    try {
      const answer = await fetch(valid.dataset.address, { method: 'POST', body });
      if (!answer.ok || number !== asked) return;
      const told = await answer.json();
      tell(told.text, told.valid ? null : told);
    } catch {
      tell('', null);
    }
  }
  function tell(text, fault) {
    valid.textContent = text;
    valid.classList.toggle('wrong', fault !== null);
    if (editor) editor.mark(fault);
  }
  chart.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(validate, PAUSE);
  });

  // Alt and Enter decide; a file may be dropped on the chart.
  form.addEventListener('keydown', (event) => {
    if (event.altKey && event.key === 'Enter') {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener('dragover', (event) => event.preventDefault());
  form.addEventListener('drop', async (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    write(await file.text());
    validate();
  });

  // What was accepted has changed the chart: the answer brings it.
  function take() {
    const brought = document.querySelector('#carried template[data-chart]');
    if (!brought) return;
    write(brought.content.textContent);
    brought.remove();
    validate();
  }
  // What somebody who does not see the page hears, and where somebody with a small screen is taken.
  const told = document.getElementById('told');
  function announce() {
    const first = document.querySelector('#answer .card .word');
    const title = document.querySelector('#answer .card h3');
    const count = document.querySelector('#answer h2:not(#whatif)');
    told.textContent = [count, first, title].map((one) => one?.textContent ?? '').join(' ').trim();
    if (window.matchMedia('(max-width: 60rem)').matches) document.getElementById('answer').scrollIntoView();
  }
  document.addEventListener('htmx:after:swap', () => {
    take();
    announce();
    for (const one of document.querySelectorAll('#answer [data-needs-script]')) one.hidden = false;
  });

  // A link that carries the chart behind the sign that browsers do not send on.
  async function packed(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let told = '';
    for (const byte of bytes) told += String.fromCharCode(byte);
    return btoa(told).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }
  async function unpacked(text) {
    const told = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(told, (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Response(stream).text();
  }
  async function link() {
    const parts = new URLSearchParams({ chart: await packed(chart.value) });
    for (const name of FIELDS) parts.set(name, form.elements[name].value);
    return `${location.origin}${location.pathname}#${parts}`;
  }
  async function open() {
    const parts = new URLSearchParams(location.hash.slice(1));
    if (!parts.has('chart')) return;
    try {
      write(await unpacked(parts.get('chart')));
    } catch {
      shared.textContent = 'The chart of this link cannot be read.';
      return;
    }
    for (const name of FIELDS) if (parts.has(name)) form.elements[name].value = parts.get(name);
    form.requestSubmit();
  }
  async function copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      shared.textContent = done;
    } catch {
      shared.textContent = text;
    }
  }
  document.getElementById('share').addEventListener('click', async () => {
    await copy(await link(), 'Copied. The chart stands in the link itself, and is not sent to this server by it.');
  });
  document.addEventListener('click', (event) => {
    if (event.target.id === 'copy-curl') {
      const told = document.getElementById('curl').textContent.replace("'/", `'${location.origin}/`);
      copy(told.replace(' /', ` ${location.origin}/`), 'Copied.');
    }
  });

  // The editor comes last: the page can be used before it is there.
  const script = document.createElement('script');
  script.src = document.currentScript?.dataset.editor ?? document.querySelector('script[data-editor]').dataset.editor;
  script.onload = () => {
    editor = window.editorOver(chart, document.getElementById('chart-label').firstChild.textContent.trim());
    document.getElementById('chart-label').removeAttribute('for');
    if (chart.value.trim()) validate();
  };
  document.head.append(script);
  window.addEventListener('hashchange', open);
  open();
})();
