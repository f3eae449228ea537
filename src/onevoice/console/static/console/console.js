// Keyboard, palette, notices, copying: what HTML alone cannot do. Every page works without it.
"use strict";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- theme -------------------------------------------------------------------------------------------------------
function markTheme() {
  for (const button of all("[data-theme-choice]")) {
    const chosen = button.dataset.themeChoice === document.documentElement.dataset.theme;
    button.classList.toggle("active", chosen);
    button.setAttribute("aria-pressed", String(chosen));
  }
}

// --- dialogs and the palette ---------------------------------------------------------------------------------------
const palette = () => document.getElementById("palette");

function openPalette() {
  const dialog = palette();
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const box = dialog.querySelector("input");
  box.value = "";
  box.dispatchEvent(new Event("search", { bubbles: true }));
}

function moveIn(links, step) {
  if (!links.length) return null;
  const at = links.findIndex((link) => link.classList.contains("is-at"));
  const next = links[Math.min(Math.max(at + step, 0), links.length - 1)];
  links.forEach((link) => link.classList.toggle("is-at", link === next));
  next.scrollIntoView({ block: "nearest" });
  return next;
}

function paletteKey(event) {
  const links = all(".palette-found a", palette());
  const box = palette().querySelector("input");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const link = moveIn(links, event.key === "ArrowDown" ? 1 : -1);
    if (link) box.setAttribute("aria-activedescendant", link.id);
  } else if (event.key === "Enter") {
    const chosen = links.find((link) => link.classList.contains("is-at")) || links[0];
    if (chosen && event.target === box) {
      event.preventDefault();
      chosen.click();
    }
  }
}

// --- rows: j, k, Enter ---------------------------------------------------------------------------------------------
function moveRow(step) {
  const rows = all("[data-row]");
  const row = moveIn(rows, step);
  row?.querySelector("a")?.focus({ preventScroll: true });
}

// --- keys ----------------------------------------------------------------------------------------------------------
let pending = "";

function shortcut(event) {
  if (pending === "g") {
    pending = "";
    const place = document.querySelector(`.places a[data-key="${CSS.escape(event.key)}"]`);
    if (place) place.click();
    return;
  }
  const acts = {
    "/": () => (document.querySelector("[data-search]") || { focus: openPalette }).focus(),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    g: () => (pending = "g"),
    "?": () => document.getElementById("keys-help")?.showModal(),
  };
  if (!(event.key in acts)) return;
  event.preventDefault();
  acts[event.key]();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
  } else if (palette()?.open) {
    paletteKey(event);
  } else if (event.key === "Escape" && event.target.matches("[data-search]")) {
    event.preventDefault(); // the browser would empty the box, and with it the list that was just found
    event.target.blur();
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target) && !document.querySelector("dialog[open]")) {
    shortcut(event);
  }
});

// --- clicks --------------------------------------------------------------------------------------------------------
async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText.trim());
  const told = document.getElementById("told");
  if (told) told.textContent = button.dataset.copied;
  button.classList.add("is-done");
  setTimeout(() => button.classList.remove("is-done"), 1500);
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at("[data-opens]")) {
    if (at("[data-opens]").dataset.opens === "palette") openPalette();
    else document.getElementById(at("[data-opens]").dataset.opens)?.showModal();
  } else if (at("[data-closes]")) {
    at("dialog").close();
  } else if (at("[data-dismiss]")) {
    at(".notice").remove();
  } else if (at("[data-copy]")) {
    copy(at("[data-copy]"));
  } else if (at("[data-theme-choice]")) {
    window.onevoiceTheme(at("[data-theme-choice]").dataset.themeChoice);
    markTheme();
  } else if (event.target.tagName === "DIALOG") {
    event.target.close(); // a click on the backdrop
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// --- live parts ----------------------------------------------------------------------------------------------------
// A hidden tab asks for nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches('[hx-trigger*="every"]')) event.preventDefault();
});

// A notice without a way back goes by itself, unless somebody is reading it; one with "Undo" stays until dismissed.
for (const notice of all(".notice:not(:has(form))")) {
  setTimeout(() => !notice.matches(":hover, :focus-within") && notice.remove(), 8000);
}

// An address may name a dialog to be opened, such as a person's `#why-dialog`.
const named = document.getElementById(location.hash.slice(1));
if (named?.tagName === "DIALOG") named.showModal();

markTheme();
