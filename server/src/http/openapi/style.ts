/** How the page looks, by day and by night. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c1b22, #e8e6ef); --dim: light-dark(#6a6775, #9b97a8); --line: light-dark(#e4e2ea, #33303d);
  --paper: light-dark(#fff, #17151c); --soft: light-dark(#f6f5f9, #201d27); --accent: light-dark(#5b3fd1, #b3a1ff);
  --get: light-dark(#1a6fb5, #7cc0ff); --post: light-dark(#1d7a45, #76d9a0); --delete: light-dark(#b4292f, #ff9a9a); --other: light-dark(#96601a, #eebb70);
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
* { box-sizing: border-box; }
a { color: var(--accent); }
body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 3rem 1.5rem; border-right: 1px solid var(--line); font-size: .85rem; }
nav strong { display: block; margin: 1.4rem 0 .35rem; font-size: .72rem; letter-spacing: .06em; text-transform: uppercase; color: var(--dim); }
nav a { display: flex; gap: .5rem; padding: .14rem 0; color: inherit; text-decoration: none; }
nav a:hover span:last-child, nav a:focus-visible span:last-child { color: var(--accent); text-decoration: underline; }
nav a span:last-child { overflow-wrap: anywhere; min-width: 0; }
nav .method { font-size: .68rem; line-height: 1.9; flex: 0 0 2.9rem; }
main { max-width: 56rem; padding: 2rem 3rem 6rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { margin: 3.5rem 0 0; padding-bottom: .4rem; border-bottom: 1px solid var(--line); font-size: 1.3rem; }
h3 { margin: 0; font-size: 1rem; font-weight: 600; }
article { padding: 1.6rem 0; border-bottom: 1px solid var(--line); scroll-margin-top: 1rem; }
article:target h3 { color: var(--accent); }
article header { display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: baseline; }
article header code { font-size: .95rem; background: none; padding: 0; overflow-wrap: anywhere; }
article p { margin: .4rem 0; }
.method { font: 700 .78rem/1.6 ui-monospace, monospace; text-transform: uppercase; color: var(--other); }
.get { color: var(--get); } .post { color: var(--post); } .delete { color: var(--delete); }
.scope { margin-left: auto; font-size: .75rem; padding: .05rem .55rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--dim); }
.dim, dt small { color: var(--dim); }
h4 { margin: 1.1rem 0 .3rem; font-size: .75rem; letter-spacing: .05em; text-transform: uppercase; color: var(--dim); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1.2rem; margin: 0; font-size: .9rem; }
dt { font-family: ui-monospace, monospace; } dd { margin: 0; }
code, pre { font: .85rem/1.5 ui-monospace, monospace; background: var(--soft); border-radius: .35rem; }
code { padding: .1em .35em; }
pre { padding: .7rem .9rem; margin: .4rem 0; overflow-x: auto; border: 1px solid var(--line); }
pre code { padding: 0; background: none; }
details summary { cursor: pointer; font-size: .9rem; }
@media (max-width: 52rem) {
  body { display: block; }
  nav { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); padding: 1rem 1.2rem; max-height: 30vh; }
  main { padding: 1.5rem 1.2rem 4rem; }
  dl { display: block; } dd { margin: 0 0 .5rem; }
}
`;
