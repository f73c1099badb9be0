// The chart as a text in colours, over the plain textarea that works without it. Built into one file by `make editor`.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--paper)', border: '1px solid var(--soft)', borderRadius: '.4rem', height: 'var(--editor-height, 26rem)', fontSize: '.82rem' },
  '&.cm-focused': { outline: '3px solid var(--link)', outlineOffset: '2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': { color: 'var(--soft)', backgroundColor: 'var(--ground)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent', boxShadow: 'inset 0 -1px 0 var(--line), inset 0 1px 0 var(--line)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--info-wash)' },
  '.cm-panels, .cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--paper)' },
  // The editor's own wavy line is an image in an address, which the policy of the page forbids.
  '.cm-lintRange': { backgroundImage: 'none', paddingBottom: '0' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--critical)' },
  '.cm-foldPlaceholder': { color: 'var(--soft)', backgroundColor: 'var(--ground)', border: '1px solid var(--line)' },
});
const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--link)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--critical)' },
]);

// Puts an editor over a textarea, which keeps the text for the form. Returns how to set the text and mark a fault.
window.editorOver = (area, name) => {
  const host = document.createElement('div');
  area.before(host);
  // In a shadow root the editor's styles are adopted sheets: no inline style, so the policy of the page holds.
  const root = host.attachShadow({ mode: 'open' });
  let quiet = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(), foldGutter(), history(), drawSelection(), bracketMatching(), highlightActiveLine(), highlightSelectionMatches(),
        json(), syntaxHighlighting(colours), look,
        keymap.of([...defaultKeymap.filter((one) => one.key !== 'Mod-Enter'), ...historyKeymap, ...searchKeymap, ...foldKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': name, spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          area.value = update.state.doc.toString();
          if (!quiet) area.dispatchEvent(new Event('input', { bubbles: true }));
        }),
      ],
    }),
  });
  area.hidden = true;
  area.required = false;
  return {
    set(text) {
      quiet = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      quiet = false;
    },
    mark(fault) {
      const found = [];
      if (fault && fault.line >= 1 && fault.line <= view.state.doc.lines) {
        const line = view.state.doc.line(fault.line);
        const from = Math.min(line.from + Math.max(fault.column - 1, 0), line.to);
        found.push({ from, to: Math.max(line.to, from), severity: 'error', message: fault.text });
      }
      view.dispatch(setDiagnostics(view.state, found));
    },
  };
};
