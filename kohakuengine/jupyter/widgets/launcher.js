/* What a launcher, which is made of ipywidgets, needs of the page beside them. It isn't seen itself.
 *
 * JupyterLab takes keys such as arrows and Enter for itself where a drop-down or a button under a cell
 * has the focus: `r` would make the cell a raw one. It leaves alone what says so; that has to be what
 * has the focus itself, as an element around it would come too late where keys are looked up.
 *
 * Screen readers are told what a control without a label is for, which is but its title.
 *
 * The plain table of the last state, which stands in the page for when there is no kernel, is hidden
 * as long as this lives.
 */

function keep(event) {
  event.target.dataset.lmSuppressShortcuts = "true";
}

/** Give controls that lack a label their title as one. */
function label(form) {
  for (const control of form.querySelectorAll(":is(select, input, textarea)[title]:not([aria-label])")) {
    const isLabelled = [...control.labels].some((one) => one.textContent.trim());
    if (!isLabelled) control.setAttribute("aria-label", control.title);
  }
}

/** Label what there is, and what comes; the board within looks after itself. */
function labelled(form) {
  let frame = 0;
  const soon = (changes) => {
    if (changes.every(({ target }) => target.closest?.(".kogine-board"))) return;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      label(form);
    });
  };
  const watch = new MutationObserver(soon);
  watch.observe(form, { childList: true, subtree: true, attributes: true, attributeFilter: ["title"] });
  label(form);
  return watch;
}

function hide(token) {
  const style = document.createElement("style");
  const table = `.kogine-last-${token}`;
  if (/^[0-9a-f]+$/.test(token)) style.textContent = `${table}, .jp-OutputArea-child:has(${table}) { display: none !important; }`;
  return style;
}

function render({ model, el }) {
  el.style.display = "none";
  el.append(hide(model.get("last")));
  let left = 100;
  let watch = null;
  let form = null;
  // `el` is put into the page after this was called.
  function begin() {
    form = el.closest("." + model.get("around"));
    if (form) {
      form.addEventListener("focusin", keep);
      watch = labelled(form);
    } else if (left-- > 0) requestAnimationFrame(begin);
  }
  begin();
  return () => {
    left = 0;
    watch?.disconnect();
    form?.removeEventListener("focusin", keep);
  };
}

export default { render };
